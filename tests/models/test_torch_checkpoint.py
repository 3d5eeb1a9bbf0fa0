"""read_torch_checkpoint: PyTorch's own files, and files that lie, are cut or carry code."""

import hashlib
import importlib.util
import os
import pickle

import numpy as np
import pytest

from kerasrecipes.models._torch_checkpoint import read_torch_checkpoint
from tests.models.legacy_checkpoint import checkpoint, imported, literal, tensor

NUMBERS = np.arange(24, dtype="<f4")


def read(tmp_path, contents):
    """Read a file whose checksum is right, so that all that follows is reached."""
    path = tmp_path / "weights.pth"
    path.write_bytes(contents)
    return read_torch_checkpoint(path, hashlib.sha256(contents).hexdigest())


def test_views_of_one_storage(tmp_path):
    tensors = {
        "whole": tensor("0", 24, (2, 3, 4), (12, 4, 1)),
        "transposed": tensor("0", 24, (4, 3), (1, 4), offset=12),
        "repeated": tensor("0", 24, (2, 2), (0, 1), offset=22),
        "scalar": tensor("1", 1, (), (), storage="LongStorage"),
    }
    contents = checkpoint(tensors, {"0": NUMBERS, "1": np.array([2**40], "<i8")})
    arrays = read(tmp_path, contents)
    np.testing.assert_array_equal(arrays["whole"], NUMBERS.reshape(2, 3, 4))
    np.testing.assert_array_equal(arrays["transposed"], NUMBERS[12:].reshape(3, 4).T)
    np.testing.assert_array_equal(arrays["repeated"], [[22, 23], [22, 23]])
    assert arrays["scalar"].shape == () and arrays["scalar"] == 2**40
    arrays["whole"][:] = 0  # its own memory, which may be written
    np.testing.assert_array_equal(arrays["repeated"], [[22, 23], [22, 23]])


def test_what_pytorch_writes(tmp_path):
    if importlib.util.find_spec("torch") is None:
        pytest.skip("PyTorch is not installed")
    import torch

    module = torch.nn.Sequential(torch.nn.Conv2d(3, 5, 3), torch.nn.BatchNorm2d(5))
    path = tmp_path / "module.pth"
    torch.save(module.state_dict(), path, _use_new_zipfile_serialization=False)
    arrays = read_torch_checkpoint(path, hashlib.sha256(path.read_bytes()).hexdigest())
    expected = {name: value.numpy() for name, value in module.state_dict().items()}
    assert arrays.keys() == expected.keys()
    for name, value in expected.items():
        assert arrays[name].dtype == value.dtype
        np.testing.assert_array_equal(arrays[name], value)


@pytest.mark.parametrize(
    "module, name, arguments",
    [
        ("os", "system", ("touch {0}",)),
        ("posix", "system", ("touch {0}",)),
        ("builtins", "eval", ("open({0!r}, 'w')",)),
        ("builtins", "exec", ("open({0!r}, 'w')",)),
        ("subprocess", "check_output", (["touch", "{0}"],)),
        ("builtins", "getattr", (1, "real")),
        ("torch.storage", "_load_from_bytes", (b"",)),
        ("numpy", "load", ("{0}",)),
    ],
)
@pytest.mark.parametrize("place", range(5))
def test_code_is_refused_and_does_not_run(tmp_path, module, name, arguments, place):
    witness = tmp_path / "witness"
    arguments = tuple(
        [part.format(str(witness)) for part in value] if isinstance(value, list)
        else value.format(str(witness)) if isinstance(value, str) else value
        for value in arguments
    )  # fmt: skip
    attack = imported(module, name) + literal(arguments) + b"R"
    if place == 3:  # among the tensors
        contents = checkpoint({"weight": attack}, {})
    else:  # instead of one of the other pickles
        contents = replaced(place, b"\x80\x02" + attack + b".")
    with pytest.raises(ValueError, match=f"asks for {module}.{name}, which no tensor needs"):
        read(tmp_path, contents)
    assert not witness.exists()


def replaced(place, attack):
    parts = [pickle.dumps(part, 2) for part in (0x1950A86A20F9469CFC6C, 1001, {}, {}, [])]
    parts[place] = attack
    return b"".join(parts)


def test_the_attack_would_have_worked(tmp_path):
    """The pickle of the test above, read by `pickle`, does run: the test can fail."""
    witness = tmp_path / "witness"
    attack = imported("os", "system") + literal((f"touch {witness}",)) + b"R."
    pickle.loads(attack)
    assert witness.exists()


def test_every_cut_is_noticed(tmp_path):
    contents = checkpoint({"weight": tensor("0", 24, (24,), (1,))}, {"0": NUMBERS})
    assert list(read(tmp_path, contents)) == ["weight"]
    for length in range(len(contents)):
        with pytest.raises(ValueError, match="cannot be read as a checkpoint of tensors"):
            read(tmp_path, contents[:length])


@pytest.mark.parametrize(
    "opcodes, reason",
    [
        (tensor("0", 24, (25,), (1,)), "beyond its storage"),
        (tensor("0", 24, (3, 4), (12, 1)), "beyond its storage"),
        (tensor("0", 24, (24,), (1,), offset=1), "beyond its storage"),
        (tensor("0", 24, (24,), (1,), offset=-1), "beyond its storage"),
        (tensor("0", 24, (2,), (-1,), offset=3), "beyond its storage"),
        (tensor("0", 24, (-2,), (1,)), "beyond its storage"),
        (tensor("0", 25, (24,), (1,)), "a different length"),
        (tensor("1", 24, (24,), (1,)), "'1'|'0'"),
        (tensor("0", 24, (24,), (1,), storage="HalfStorage"), "asks for torch.HalfStorage"),
        (tensor("0", 24, (24,), (1,), view=("0", 0, 1)), "other than storages"),
    ],
)
def test_lies_about_storages(tmp_path, opcodes, reason):
    with pytest.raises(ValueError, match=reason):
        read(tmp_path, checkpoint({"weight": opcodes}, {"0": NUMBERS}))


@pytest.mark.parametrize(
    "arguments", [{"magic": 7}, {"system": {"little_endian": False}}, {"system": {}}]
)
def test_other_formats(tmp_path, arguments):
    weight = {"weight": tensor("0", 24, (24,), (1,))}
    with pytest.raises(ValueError, match="cannot be read"):
        read(tmp_path, checkpoint(weight, {"0": NUMBERS}, **arguments))


def test_the_checksum_comes_first(tmp_path):
    witness = tmp_path / "witness"
    path = tmp_path / "weights.pth"
    contents = imported("os", "system") + literal((f"touch {witness}",)) + b"R."
    path.write_bytes(contents)
    with pytest.raises(ValueError, match="is not the published one.*Received: [0-9a-f]{64}"):
        read_torch_checkpoint(path, "0" * 64)
    assert not os.path.exists(witness)
