"""What the losses of an epoch's line are of."""

from typing import Any


def losses_sentence(config: Any, images: Any) -> str:
    """Return what the figures of an epoch are of, where their names do not tell; "" if they do.

    Args:
        config: the `RunConfig`.
        images: `data.ImageData`.
    """
    sentences = []
    if images.validation is None and images.test is not None:
        sentences.append("val_: the test images, as there are no validation images.")
    smoothing = getattr(config, "label_smoothing", 0)
    if smoothing and images.task != "regression":
        sentences.append(
            f"loss and val_loss are with label smoothing {smoothing:g}, the losses of the tests "
            "without."
        )
    return " ".join(sentences)
