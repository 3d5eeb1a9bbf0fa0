"""Checks of the arguments that `pipeline` and `OnDevice.batches` share."""

import numpy as np

from kerasrecipes._validation import check_boolean, check_integer
from kerasrecipes._warning import warn


def check_counts(batch_size, num_classes, threads):
    check_integer("batch_size", batch_size, "[1, inf)")
    if num_classes is not None:
        check_integer("num_classes", num_classes, "[1, inf)")
    if threads is not None:
        check_integer("threads", threads, "[1, inf)")


def check_place(training, seed, shuffle, start_step, drop_remainder, shard):
    check_boolean("training", training)
    check_integer("seed", seed, "(-inf, inf)")
    if shuffle is not None and not isinstance(shuffle, bool):
        check_integer("shuffle", shuffle, "[1, inf)")
    if shuffle and not training:
        raise ValueError(f"Argument `shuffle` is for training. Received: shuffle={shuffle}")
    check_integer("start_step", start_step, "[0, inf)")
    check_boolean("drop_remainder", drop_remainder)
    if not isinstance(shard, (tuple, list)) or len(shard) != 2:
        raise TypeError(f"Argument `shard` must be a pair (index, count). Received: shard={shard}")
    check_integer("shard", shard[1], "[1, inf)")
    check_integer("shard", shard[0], f"[0, {shard[1]})")
    if training and shard[1] > 1 and not drop_remainder:
        raise ValueError(f"Argument `shard` needs `drop_remainder`. Received: shard={shard}")


def weights_of(dataset, training, weighted):
    """Return the array of the weights that batches are given with, or `None`.

    Args:
        dataset: the source.
        training: bool.
        weighted: bool, or `None` for `training`.
    """
    if weighted is not None:
        check_boolean("weighted", weighted)
    weights = getattr(dataset, "weights", None)
    if not isinstance(weights, np.ndarray):  # a PyTorch `Dataset` may call anything so
        return None
    return weights if (training if weighted is None else weighted) else None


def warn_of_single_images(batch_size, transforms):
    """Warn where transforms mix the images of a batch and it has only one."""
    mixing = [type(one).__name__ for one in transforms if getattr(one, "takes_labels", False)]
    if batch_size == 1 and mixing:
        warn(
            f"Argument `batch_size` is 1, so that {' and '.join(mixing)} has no effect: it mixes "
            "images of one batch, in several processes those of a process. Received: batch_size=1"
        )


def warn_of_buffer(shuffle):
    """Warn of a size of a buffer where a source is read by index."""
    warn(
        "Argument `shuffle` is no buffer for a source that is read by index: all of it is "
        f"shuffled. Received: shuffle={shuffle}"
    )
