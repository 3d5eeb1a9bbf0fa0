"""The package imports on a machine without TensorFlow, and says what needs it."""

import importlib.util
import os
import subprocess
import sys

import keras
import pytest

import kerasrecipes

WITHOUT_TENSORFLOW = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "tensorflow":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
import importlib.util
find_spec = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: (
    None if name == "tensorflow" else find_spec(name, *rest)
)

import kerasrecipes
print(sorted(kerasrecipes.__all__))
for room in kerasrecipes.__all__:
    getattr(kerasrecipes, room)
for use in (
    lambda: kerasrecipes.data.load("."),
    lambda: kerasrecipes.augment.DecodeImage()(b""),
):
    try:
        use()
    except ImportError as error:
        print(error)
"""


def other_backend():
    if keras.backend.backend() != "tensorflow":
        return keras.backend.backend()
    for name in ("jax", "torch"):
        if importlib.util.find_spec(name):
            return name
    return None


@pytest.mark.traced
def test_import_without_tensorflow():
    backend = other_backend()
    if backend is None:
        pytest.skip("neither JAX nor PyTorch is installed")
    result = subprocess.run(
        [sys.executable, "-c", WITHOUT_TENSORFLOW],
        capture_output=True,
        text=True,
        env={**os.environ, "KERAS_BACKEND": backend},
    )
    assert result.returncode == 0, result.stderr
    names, *messages = result.stdout.splitlines()
    assert "'layers'" in names and "'callbacks'" in names
    assert len(messages) == 2
    for what, message in zip((".: folders of image files", "Image files"), messages):
        assert message.startswith(what)
        assert "pip install 'kerasrecipes[cpu]'" in message


def test_unknown_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = kerasrecipes.nothing
