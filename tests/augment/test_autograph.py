"""Transforms of users may have Python's `if` on tensors; the package's own are not converted."""

import numpy as np
import pytest

from kerasrecipes import augment, data
from kerasrecipes.augment import autograph


def invert_bright(image, seed):
    if image[0, 0, 0] > 100:
        return 255 - image
    return image


class InvertBright(augment.Transform):
    def __init__(self, batched):
        self.batched = batched

    def apply(self, images, seeds):
        if images[0, 0, 0, 0] > 100:
            return 255 - images
        return images


def values(source, transforms, batch_size):
    batches = augment.pipeline(source, transforms, batch_size, training=False)
    return np.concatenate([images[:, 0, 0, 0] for images, _ in batches])


@pytest.mark.parametrize("transform", [invert_bright, InvertBright(False), InvertBright(True)])
@pytest.mark.parametrize("of_arrays", [False, True])
def test_a_transform_of_a_user_is_converted(transform, of_arrays):
    x = np.stack([np.full((4, 4, 1), value, "uint8") for value in (10, 150, 200, 90)])
    source = [*zip(x, [0, 1, 0, 1])]
    if of_arrays:
        source = data.load((x, np.arange(4) % 2, x[:2] + 1, np.arange(2))).train
    found = values(source, [transform, augment.Normalize(0, 1)], batch_size=1)
    np.testing.assert_array_equal(found, [10, 105, 55, 90])


def test_what_needs_it():
    assert not autograph.is_needed([augment.RandomFlip(), augment.CenterCrop(3)])
    assert autograph.is_needed([augment.RandomFlip(), InvertBright(True)])
    assert autograph.is_needed([lambda image, seed: image])
