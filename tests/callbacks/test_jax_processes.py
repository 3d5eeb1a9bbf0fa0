"""Two JAX processes train as one does; one of them writes, and a killed job is resumed."""

import json
import pathlib
import signal

import keras
import numpy as np
import pytest

from kerasrecipes._backend import processes
from tests import jax_job

SCRIPT = "tests/callbacks/jax_processes.py"
BACKEND = keras.backend.backend()
pytestmark = pytest.mark.skipif(BACKEND != "jax", reason="the processes are JAX's")


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """The folder of a training in two processes, and where each left its result."""
    folder, out = (tmp_path_factory.mktemp(name) for name in ("run", "out"))
    jax_job.outputs(jax_job.start(SCRIPT, [[folder, out]] * 2))
    return folder, out


def result(out, number):
    """Return History, arrays and written files of a process."""
    history, written = json.loads((out / f"{number}.json").read_text())
    with np.load(out / f"{number}.npz") as arrays:
        return history, list(arrays.values()), written


@pytest.mark.slow
def test_two_processes_equal_one(uninterrupted, tmp_path):
    from tests.callbacks.jax_processes import train

    expected, arrays = train(tmp_path)
    for number in (0, 1):
        history, values, _ = result(uninterrupted[1], number)
        assert history.keys() == expected.keys()
        for name in expected:
            np.testing.assert_allclose(history[name], expected[name], atol=1e-5, err_msg=name)
        for one, other in zip(values, arrays, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.slow
def test_the_first_process_alone_writes(uninterrupted):
    folder, out = uninterrupted
    assert {pathlib.Path(line).parent.name for line in result(out, 0)[2]} >= {"state", "snapshots"}
    assert result(out, 1)[2] == []
    names = {path.name for path in folder.rglob("*") if path.is_file()}
    snapshots = {f"snapshot-000{epoch}.keras" for epoch in range(3)}
    assert names == {"best.keras", "state-00000024.bin", "state-00000025.bin", *snapshots}
    assert keras.saving.load_model(folder / "best.keras").built


@pytest.mark.slow
def test_a_job_of_which_one_process_is_killed_resumes(uninterrupted, tmp_path):
    folder, out = tmp_path / "run", tmp_path / "out"
    folder.mkdir(), out.mkdir()
    job = jax_job.start(SCRIPT, [[folder, out], [folder, out, 5]])
    try:
        assert job[1].wait(jax_job.SECONDS) == -signal.SIGKILL
    finally:
        jax_job.kill(job)
    texts = jax_job.outputs(jax_job.start(SCRIPT, [[folder, out]] * 2))
    assert "resumes at epoch 2, step" in texts[0]
    for number in (0, 1):
        expected, found = result(uninterrupted[1], number), result(out, number)
        assert found[0] == expected[0]
        for one, other in zip(found[1], expected[1], strict=True):
            np.testing.assert_array_equal(one, other)


def test_errors_of_the_first_process_can_be_sent():
    error = processes._portable(FileExistsError(17, "there", "x"))
    assert isinstance(error, FileExistsError) and error.filename == "x"

    class Local(Exception):
        pass

    assert str(processes._portable(Local("why"))) == "Local: why"

    class LocalOfDisk(OSError):
        pass

    assert type(processes._portable(LocalOfDisk("full"))) is OSError
