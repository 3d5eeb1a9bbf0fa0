"""Writes the sample of Fashion-MNIST that ships inside the package.

    python kerasrecipes/data/build_fashion_mnist_sample.py fashion_mnist.npz

The argument is the whole data set as an `.npz` with x_train, y_train, x_test, y_test (uint8 and
integers) and class_names. The sample takes the first 600 training and the first 100 test images
of each class, in the order of the original: the same images on every machine.

Fashion-MNIST is by Xiao, Rasul and Vollgraf (2017, https://arxiv.org/abs/1708.07747), under the
MIT licence in FASHION_MNIST_LICENSE.txt.
"""

import pathlib
import sys

import numpy as np

DESTINATION = pathlib.Path(__file__).with_name("fashion_mnist_sample.npz")
LIMIT = 4_000_000


def first_of_each_class(labels, count):
    """Sorted indices of the first `count` images of each class."""
    by_class = [np.flatnonzero(labels == label)[:count] for label in np.unique(labels)]
    return np.sort(np.concatenate(by_class))


def build(source, destination=DESTINATION, train_per_class=600, test_per_class=100):
    """Write the sample of the `.npz` file `source` and return its size in bytes."""
    with np.load(source) as whole:
        train = first_of_each_class(whole["y_train"], train_per_class)
        test = first_of_each_class(whole["y_test"], test_per_class)
        np.savez_compressed(
            destination,
            x_train=whole["x_train"][train],
            y_train=whole["y_train"][train].astype(np.uint8),
            x_test=whole["x_test"][test],
            y_test=whole["y_test"][test].astype(np.uint8),
            class_names=whole["class_names"],
        )
    return destination.stat().st_size


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    size = build(sys.argv[1])
    print(f"{DESTINATION.name}: {size:,} bytes")
    if size > LIMIT:
        sys.exit(f"More than {LIMIT:,} bytes: not to be shipped.")
