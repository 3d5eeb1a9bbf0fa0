"""Random generators as they were, whatever is drawn in between."""

import contextlib
import random

import numpy as np

from kerasrecipes._backend.random_state import get_random_state, set_random_state


@contextlib.contextmanager
def kept_random_state(seed):
    """Seed the generators of Python, NumPy and the backend, and restore them at the end.

    Layers that get no seed draw one from Python's generator when they are created.
    """
    python, backend = random.getstate(), get_random_state()
    of_numpy = np.random.get_state()  # noqa: NPY002
    try:
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        yield
    finally:
        random.setstate(python)
        np.random.set_state(of_numpy)  # noqa: NPY002
        set_random_state(backend)
