"""What of a task is chosen on validation images."""

from typing import Any

from kerasrecipes.inference import multi_crop_predict


def fitted_task(task: Any, model: Any, images: Any, validation: Any) -> Any:
    """Return the task with the thresholds of several labels chosen on the validation images.

    Without a validation set the thresholds stay at 0.5: chosen on the test images they would make
    the figures of the test too good.

    Args:
        task: What `evaluation.task_of` returns.
        model: Keras model from the batches of `validation` to predictions.
        images: The `data.ImageData`.
        validation: Batches (images, labels) of the validation set.
    """
    if task.name != "multilabel":
        return task
    if images.validation is None:
        print("No validation set: labels are predicted from a probability of 0.5 on.")
        return task
    return task.fitted(*multi_crop_predict(model, validation, return_labels=True))
