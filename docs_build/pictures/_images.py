"""The images that pictures show: two photos that come with scikit-learn, and the package's sample.

The photos are "china.jpg" by Sultan Edijingo and "flower.jpg" by dany13, both CC BY 2.0.
"""

import functools

import numpy as np
from sklearn.datasets import load_sample_image

from kerasrecipes import augment, data


@functools.cache
def photo(name="flower", size=None):
    """Return a photo as uint8; with `size`, its middle as a square of that side."""
    pixels = load_sample_image(f"{name}.jpg")
    return pixels if size is None else np.uint8(augment.CenterCrop(size, size)(pixels))


@functools.cache
def sample(count=200):
    """Return the first training images of the sample, float in [0, 1], with their labels."""
    images = data.load("fashion_mnist_sample").train
    pairs = [images[i] for i in range(count)]
    return np.stack([np.asarray(p[0]) for p in pairs]) / 255, np.array([int(p[1]) for p in pairs])
