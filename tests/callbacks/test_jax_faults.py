"""What goes wrong in one of two JAX processes ends both, or is told in both."""

import json

import keras
import pytest

from tests import jax_job
from tests.callbacks import jax_faults

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(keras.backend.backend() != "jax", reason="the processes are JAX's"),
]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What each process met; the first waits for the second's step when that one has ended."""
    folder = tmp_path_factory.mktemp("faults")
    job = jax_job.start("tests/callbacks/jax_faults.py", [[folder]] * 2)
    try:
        texts = [job[1].communicate(timeout=jax_job.SECONDS)[0]]
        assert job[1].returncode == jax_faults.STATUS, texts[0][-3000:]
    finally:
        jax_job.kill(job)
    texts = [job[0].communicate()[0], *texts]
    return [found_in(text) for text in texts]


def found_in(text):
    parts = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("FOUND ")]
    return {name: value for part in parts for name, value in part.items()}


def test_what_the_first_cannot_send_is_an_error_in_both(found):
    for one in found:
        assert one["result"] is None
        assert "lambda" in one["function"][2]
        assert one["signal"][0] == "KeyboardInterrupt"
        assert one["error"] == ["OSError", True, "Local: full"]


@pytest.mark.parametrize("kind", ["Resume", "BestSnapshot", "SnapshotEnsemble"])
def test_processes_without_a_distribution_are_refused(found, kind):
    for one in found:
        assert one[kind][0] == "ValueError"
        assert one[kind][2].startswith(f"{kind} keeps one state for the one model")
        assert one[kind][2].endswith("Received: 2 processes without a distribution")
        assert one["no file"] is None


def test_snapshots_are_read_from_the_disk_of_the_first(found):
    weights, model = found[0]["snapshots"]
    assert weights == model and sum(weights) > 0
    assert found[1]["snapshots"] == found[0]["snapshots"]


def test_the_error_of_one_process_is_not_lost_in_restoring(found):
    assert found[1]["raised"] == "of the user"


def test_other_flags_in_one_process_are_refused_in_both(found):
    for one in found:
        assert one["flags"][2] == (
            "Argument `epochs` must be the same in all processes. "
            "Received: epochs=2 in process 0, 3 in process 1"
        )


def test_each_process_compares_its_own_data(found):
    for one in found:
        first, resumed, changed = one["data"]
        assert first is None and resumed is None
        assert changed[0] == "ValueError" and "data x" in changed[2]
