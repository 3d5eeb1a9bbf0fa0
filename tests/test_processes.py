"""The environment that names the processes of one training."""

import keras
import pytest

from kerasrecipes._backend import processes

GOOD = {processes.ADDRESSES: "127.0.0.1:1", processes.COUNT: "2", processes.NUMBER: "1"}


@pytest.mark.parametrize(
    "changes, message",
    [
        ({processes.ADDRESSES: ""}, "Received: KERAS_DISTRIBUTION_JOB_ADDRESSES not set"),
        ({processes.NUMBER: "2"}, "NUM_PROCESSES='2', KERAS_DISTRIBUTION_PROCESS_ID='2'"),
        ({processes.COUNT: "two"}, "Received: KERAS_DISTRIBUTION_NUM_PROCESSES='two'"),
    ],
)
def test_an_environment_that_names_no_job_is_refused(monkeypatch, changes, message):
    for name, value in {**GOOD, **changes}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=message):
        processes.join()


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="JAX joins them")
def test_other_backends_have_one_process(monkeypatch):
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match="jax alone.*NUM_PROCESSES=2 on the backend"):
        processes.join()


def test_a_process_alone_does_all_by_itself():
    assert processes.process_count() == 1 and processes.is_first()
    assert processes.by_first(max, 2, 3) == 3
    with pytest.raises(ZeroDivisionError):
        processes.by_first(divmod, 1, 0)


def test_contents_of_many_lengths_are_sent_in_few():
    lengths = range(1, 2**16)
    rooms = [processes._room(length) for length in lengths]
    assert all(length <= room <= 1.25 * length + 1 for length, room in zip(lengths, rooms))
    assert len(set(rooms)) <= 4 * 16 + 2 and processes._room(0) == 0
