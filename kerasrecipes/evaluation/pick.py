"""Some images of a dataset, by their indices."""

import numpy as np


def evenly_spaced(count, limit):
    """Return at most `limit` sorted indices of `count` images, evenly spaced from first to last."""
    return np.unique(np.linspace(0, count - 1, min(count, limit)).astype(int))


def pick(dataset, indices, transform):
    """Yield the transformed images at sorted indices of a dataset, as NumPy arrays."""
    if hasattr(dataset, "__getitem__"):
        for index in indices:
            yield np.asarray(transform(dataset[int(index)][0]))
        return
    wanted = set(map(int, indices))
    last = max(wanted, default=-1)
    for index, (image, _) in enumerate(dataset):
        if index in wanted:
            yield np.asarray(transform(image))
        if index >= last:
            return


def pick_in_order(dataset, indices, transform):
    """Return what `pick` yields as a list, in the order of indices that need not be sorted."""
    ordered = sorted(int(index) for index in indices)
    images = dict(zip(ordered, pick(dataset, ordered, transform)))
    return [images[int(index)] for index in indices]
