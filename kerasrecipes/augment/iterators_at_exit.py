"""The end of a process whose iterators still read images by Python.

TensorFlow reads ahead on threads of its own, which need the interpreter for a list, a PyTorch
`Dataset` or shards. An interpreter that ends lets no thread in again, and TensorFlow waits for
those threads without end: a script that leaves an iterator behind, as an exception out of `fit`
does, would never exit.
"""

import atexit
import functools
import gc

from kerasrecipes._backend.tensorflow_module import tf


@functools.cache
def end_before_exit():
    """Let iterators end when the process exits, while threads can still finish their reads."""
    atexit.register(_end_iterators)


def _end_iterators():
    for found in gc.get_objects():
        if issubclass(type(found), tf.data.Iterator):
            vars(found).clear()  # its resource waits for the threads as it goes
