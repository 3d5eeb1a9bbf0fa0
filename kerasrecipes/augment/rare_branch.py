"""A branch that is seldom taken, and costs nothing when it is not."""

from kerasrecipes._backend.tensorflow_module import tf


def rare_branch(function):
    """Return `function()`; in a graph as one node, a function that is not inlined.

    The executor visits each node of an inlined branch that is not taken, for each image.
    """
    if tf.executing_eagerly():
        return function()
    return tf.function(function, autograph=False, experimental_attributes={"_noinline": True})()
