"""Rooms built on tf.data are tested on the TensorFlow backend alone."""

import gc
import os
import signal

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # test processes fill the cores already
# Threads that wait take no core; one thread alone crashes convolutions of PyTorch 2.13.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import keras
import pytest

# A shell starts jobs in the background with Ctrl-C ignored, and tests press it.
signal.signal(signal.SIGINT, signal.default_int_handler)

TENSORFLOW_ROOMS = (
    "augment", "data", "evaluation", "serving", "experiment", "flags", "search", "recipes",
    "notebooks",
)  # fmt: skip

collect_ignore_glob = (
    [] if keras.backend.backend() == "tensorflow" else [f"{room}/*" for room in TENSORFLOW_ROOMS]
)


def pytest_report_header(config):
    skipped = "" if not collect_ignore_glob else f"; left out: {', '.join(TENSORFLOW_ROOMS)}"
    return f"keras {keras.version()} on {keras.backend.backend()}{skipped}"


def pytest_addoption(parser):
    parser.addoption(
        "--third", type=int, help="run every third selected test, counted from this one on"
    )


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """Tests of several fits are slow ones on TensorFlow, slow to begin; `--third` takes a third."""
    if keras.backend.backend() == "tensorflow":
        for item in items:
            if item.get_closest_marker("traced"):
                item.add_marker("slow")
    yield
    if (third := config.getoption("--third")) is not None:
        kept = items[third % 3 :: 3]
        del items[third % 3 :: 3]
        config.hook.pytest_deselected(items=items[:])
        items[:] = kept


@pytest.fixture(autouse=True, scope="module")
def _graphs_that_stay_are_not_searched_again():
    """Thousands of tests leave millions of objects, through which each collection would go."""
    yield
    gc.collect()
    gc.freeze()
