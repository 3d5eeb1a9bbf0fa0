"""The processes that train one model together: those of JAX, or of PyTorch under `torchrun`.

Each runs the same script. What one of them does with the values of all must be done by all, in the
same order, or those that do it wait for ever: Keras assigns variables, makes them and saves an
optimizer (for which it makes another) so. What one does alone, it does in `by_first`.
"""

import contextlib
import os
import pathlib
import pickle
import tempfile

import keras
import numpy as np

from kerasrecipes._backend.torch_group import (
    count_of_torchrun,
    join_torchrun,
    of_all_ranks,
    of_first_rank,
    processes_on_machine,
)

ADDRESSES, COUNT, NUMBER = (
    f"KERAS_DISTRIBUTION_{name}" for name in ("JOB_ADDRESSES", "NUM_PROCESSES", "PROCESS_ID")
)
# Of JAX's barrier at exit, where a process waits for one that has failed; JAX's own is 300.
SECONDS_AT_EXIT = 20
KINDS = OSError, ValueError, TypeError, KeyboardInterrupt, SystemExit  # that callers tell apart
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


def names_of_several():
    """Return the variables of the environment by which `join` joins other processes, if any.

    One process alone joins nobody.
    """
    names = [name for name in (ADDRESSES, COUNT, NUMBER) if name in os.environ]
    names = [] if os.environ.get(COUNT) == "1" else names
    if keras.backend.backend() == "torch" and count_of_torchrun() > 1:
        names += ["RANK", "WORLD_SIZE"]
    return names


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


def sharing_memory():
    """Return how many of the processes share this machine's memory; of JAX's only one is known."""
    is_started = _place and keras.backend.backend() == "torch"
    return processes_on_machine() if is_started else 1


def is_first():
    """Return whether this process is the one that writes files."""
    return process_number() == 0


def by_first(function, *arguments):
    """Return in each process what `function` returns in the first, or raise what it raises there.

    All processes must call it, at the same place; the others wait for the first. There is no
    distribution meanwhile, so that Keras waits for nobody. Whatever happens in the first is sent,
    also a signal and a result that cannot be.
    """
    if process_count() == 1:
        return function(*arguments)
    content, error = b"", None
    if is_first():
        with _without_distribution():
            try:
                content = pickle.dumps((function(*arguments), None))
                pickle.loads(content)
            except BaseException as raised:
                error = raised
                content = pickle.dumps((None, _portable(error)))
    result, reason = pickle.loads(_of_first(content))
    if reason is not None:
        raise reason from error
    return result


def by_each(function, *arguments):
    """Call `function` in each process; where it raises in one, raise in all of them."""
    error = None
    try:
        function(*arguments)
    except BaseException as raised:
        error = raised
    reasons = of_all(None if error is None else _portable(error))
    if error is not None:
        raise error
    for reason in reasons:
        if reason is not None:
            raise reason


def of_all(value):
    """Return the values of all processes, in the order of their numbers; all must call it."""
    if process_count() == 1:
        return [value]
    if keras.backend.backend() == "torch":
        return of_all_ranks(value)
    from jax.experimental.multihost_utils import process_allgather

    content = np.frombuffer(pickle.dumps(value), np.uint8)
    sizes = process_allgather(np.array(len(content), "int32"))
    padded = np.pad(content, (0, _room(int(np.max(sizes))) - len(content)))
    return [pickle.loads(np.asarray(row).tobytes()) for row in process_allgather(padded)]


@contextlib.contextmanager
def file_of_first(path):
    """Yield the path of a file that the first process has: elsewhere that of a copy.

    To make a model draws numbers, which all must do; so by `by_first` only bytes are read.
    """
    if process_count() == 1:
        yield path
        return
    content = by_first(pathlib.Path(path).read_bytes)
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder, os.path.basename(path))
        copy.write_bytes(content)
        yield copy


def check_one_model(callback):
    """Raise where several processes do not train one model, which a callback shares by `by_first`.

    Without a distribution each trains a model of its own.
    """
    if keras.backend.backend() != "jax" or process_count() == 1:
        return
    if keras.distribution.distribution() is None:
        kind = type(callback).__name__
        raise ValueError(
            f"{kind} keeps one state for the one model that all processes train, which needs "
            "`keras.distribution.set_distribution(keras.distribution.DataParallel("
            "auto_shard_dataset=False))` before the model is made; for a model in each, start "
            "them without `keras.distribution.initialize`. "
            f"Received: {process_count()} processes without a distribution"
        )


@contextlib.contextmanager
def _without_distribution():
    former = keras.distribution.distribution()
    keras.distribution.set_distribution(None)
    try:
        yield
    finally:
        keras.distribution.set_distribution(former)


def _of_first(content):
    """Return the bytes that the first process has, in all of them."""
    if keras.backend.backend() == "torch":
        return of_first_rank(content)
    from jax.experimental import multihost_utils

    content = np.frombuffer(content, np.uint8)
    size = np.array(divmod(len(content), DIGITS), "int32")
    high, low = map(int, multihost_utils.broadcast_one_to_all(size))
    length = high * DIGITS + low
    padded = np.zeros(_room(length), np.uint8)
    padded[: len(content)] = content
    return np.asarray(multihost_utils.broadcast_one_to_all(padded)).tobytes()[:length]


def _room(length):
    """Return a length from `length` on, at most a quarter more: JAX compiles for each and keeps it.

    There are four of them between two powers of 2.
    """
    step = 1 << max(0, length.bit_length() - 3)
    return -(-length // step) * step


def _portable(error):
    """Return an exception that can be sent; where this one cannot, one of its kind and words."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        kind = next((kind for kind in KINDS if isinstance(error, kind)), RuntimeError)
        return kind(f"{type(error).__name__}: {error}")
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
