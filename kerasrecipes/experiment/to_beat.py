"""What a network must beat: simple classifiers on the pixels."""

from typing import Any

from kerasrecipes.evaluation import pixel_baselines


def to_beat(images: Any, size: int, seed: int, task: Any) -> Any:
    """Fit simple classifiers to the pixels, print their accuracies, and return them.

    Args:
        images: `data.ImageData`.
        size: int, side of the images in pixels.
        seed: int, of the images that are drawn where there are many.
        task: the task of the labels.

    Returns:
        dict of accuracies by name; `None` where labels are not classes.
    """
    if task.name != "classes":
        return None
    baselines = pixel_baselines(images, size, seed)
    simple = ", ".join(f"{name} {value:.4f}" for name, value in baselines.items())
    print(f"To beat, on the pixels alone: {simple}.")
    return baselines
