import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest

from tests.callbacks import resumed_models

SCRIPT = pathlib.Path(resumed_models.__file__)
ROOT = SCRIPT.parents[2]

pytestmark = pytest.mark.filterwarnings("ignore:.every_steps")


@pytest.mark.parametrize("kind", resumed_models.KINDS)
@pytest.mark.traced
def test_model_that_is_unbuilt_when_fit_begins_goes_on(kind, tmp_path):
    if kind in resumed_models.ON_TENSORFLOW and keras.backend.backend() != "tensorflow":
        pytest.skip("the custom step is TensorFlow's")
    whole = resumed_models.train(kind, tmp_path / "whole", seed=0)
    resumed_models.train(kind, tmp_path / "cut", seed=0, until=2)
    resumed = resumed_models.train(kind, tmp_path / "cut", seed=1)
    for one, other in zip(resumed, whole, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["subclassed", "sequential without input"])
def test_second_process_goes_on(kind, tmp_path):
    for until in (2, 4):
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, str(SCRIPT), str(tmp_path), kind, str(until)]
        subprocess.run(command, check=True, cwd=ROOT, env=environment)
    with np.load(tmp_path / "weights.npz") as arrays:
        resumed = list(arrays.values())
    whole = resumed_models.train(kind, tmp_path / "whole", seed=2)
    for one, other in zip(resumed, whole, strict=True):
        np.testing.assert_array_equal(one, other)
