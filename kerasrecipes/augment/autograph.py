"""Whether AutoGraph converts the functions of a pipeline: Python's `if` and `for` on tensors.

That takes seconds with the package's own transforms, which have none of them.
"""

import functools

from kerasrecipes._backend.tensorflow_module import tf

PACKAGE = __name__.partition(".")[0]


def is_needed(transforms):
    """Return whether any of the transforms is not the package's own."""
    return any(type(transform).__module__.partition(".")[0] != PACKAGE for transform in transforms)


def applied(function, needed):
    """Return a function for `tf.data`'s `map`: as it is, or one that AutoGraph leaves alone."""
    return function if needed else tf.autograph.experimental.do_not_convert(function)


def not_converted(function):
    """Return `applied(function, False)`, made when called: TensorFlow is not imported before."""

    @functools.wraps(function)
    def call(*arguments):
        return applied(function, False)(*arguments)

    return call
