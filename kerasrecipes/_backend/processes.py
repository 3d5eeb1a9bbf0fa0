"""The processes that train one model together: those of JAX, or of PyTorch under `torchrun`.

Each runs the same script. What one of them does with the values of all must be done by all, in the
same order, or those that do it wait for ever: Keras assigns variables, makes them and saves an
optimizer (for which it makes another) so. What one does alone, it does in `by_first`.
"""

import contextlib
import os
import pickle

import keras
import numpy as np

from kerasrecipes._backend.torch_group import join_torchrun, of_first_rank

ADDRESSES, COUNT, NUMBER = (
    f"KERAS_DISTRIBUTION_{name}" for name in ("JOB_ADDRESSES", "NUM_PROCESSES", "PROCESS_ID")
)
# Of JAX's barrier at exit, where a process waits for one that has failed; JAX's own is 300.
SECONDS_AT_EXIT = 20
DIGITS = 2**20  # JAX has no 64-bit integers by default
_place = []  # [number of this process, how many there are], where `join` has joined them


def join():
    """Join the processes that Keras's environment variables name, before JAX sees its devices.

    On PyTorch those that `torchrun` has started.
    """
    if keras.backend.backend() == "torch" and (place := join_torchrun()):
        _place[:] = place
        return
    if not any(name in os.environ for name in (ADDRESSES, COUNT, NUMBER)):
        return
    addresses, total, number = _environment()
    if keras.backend.backend() != "jax":
        raise ValueError(
            "Several processes train one model on the backend jax alone, or on torch by torchrun: "
            "https://github.com/keras-team/keras/issues/20585. "
            f"Received: {COUNT}={total} on the backend {keras.backend.backend()}"
        )
    import jax

    if jax.distributed.is_initialized():
        return
    jax.config.update("jax_enable_preemption_service", False)  # it takes SIGTERM, and goes on
    jax.distributed.initialize(
        addresses.split(",")[0], total, number, shutdown_timeout_seconds=SECONDS_AT_EXIT
    )
    _place[:] = number, total  # to ask JAX would make its devices


def process_count():
    """Return how many processes train one model together."""
    if _place:
        return _place[1]
    if keras.backend.backend() != "jax":
        return 1
    import jax

    return jax.process_count() if jax.distributed.is_initialized() else 1


def process_number():
    """Return the 0-based number of this process."""
    if _place:
        return _place[0]
    if process_count() == 1:
        return 0
    import jax

    return jax.process_index()


def is_first():
    """Return whether this process is the one that writes files."""
    return process_number() == 0


def by_first(function, *arguments):
    """Return in each process what `function` returns in the first, or raise what it raises there.

    All processes must call it, at the same place; the others wait for the first. There is no
    distribution meanwhile, so that Keras waits for nobody.
    """
    if process_count() == 1:
        return function(*arguments)
    result = error = None
    if is_first():
        with _without_distribution():
            try:
                result = function(*arguments)
            except Exception as raised:
                error = raised
    shared, reason = _of_first((result, _portable(error)))
    if error or reason:
        raise error or reason
    return shared


@contextlib.contextmanager
def _without_distribution():
    former = keras.distribution.distribution()
    keras.distribution.set_distribution(None)
    try:
        yield
    finally:
        keras.distribution.set_distribution(former)


def _of_first(value):
    """Return the value that the first process has, in all of them."""
    if keras.backend.backend() == "torch":
        return of_first_rank(value)
    from jax.experimental import multihost_utils

    content = np.frombuffer(pickle.dumps(value) if is_first() else b"", np.uint8)
    size = np.array(divmod(len(content), DIGITS), "int32")
    high, low = map(int, multihost_utils.broadcast_one_to_all(size))
    if not is_first():
        content = np.zeros(high * DIGITS + low, np.uint8)
    return pickle.loads(np.asarray(multihost_utils.broadcast_one_to_all(content)).tobytes())


def _portable(error):
    """Return an exception that can be sent; where this one cannot, one with its words."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _environment():
    """Return the addresses, the number of processes and that of this one, or raise."""
    missing = [name for name in (ADDRESSES, COUNT, NUMBER) if not os.environ.get(name)]
    if missing:
        raise ValueError(
            f"Several processes need {ADDRESSES}, {COUNT} and {NUMBER} in the environment of each. "
            f"Received: {', '.join(missing)} not set"
        )
    total, number = os.environ[COUNT], os.environ[NUMBER]
    if not (total.isdigit() and number.isdigit() and int(number) < int(total)):
        raise ValueError(
            f"{COUNT} must be an int >= 1 and {NUMBER} one in [0, {COUNT}). "
            f"Received: {COUNT}={total!r}, {NUMBER}={number!r}"
        )
    return os.environ[ADDRESSES], int(total), int(number)
