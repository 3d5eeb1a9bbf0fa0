"""Breaks of `initializers`."""

from tests.breaks.table import Break

PATCHES, TESTS = "initializers/patch_whitening.py", "initializers/test_patch_whitening.py"

BREAKS = [
    Break(
        "PatchWhitening", "patches not centred by the bias", PATCHES,
        "-mean @ matrix", "mean @ matrix",
        f"{TESTS} -k whitened_patches",
    ),
    Break(
        "PatchWhitening", "channels before pixels in a patch", PATCHES,
        "windows.transpose(0, 1, 2, 4, 5, 3)", "windows.transpose(0, 1, 2, 3, 4, 5)",
        f"{TESTS} -k whitened_patches",
    ),
    Break(
        "PatchWhitening", "channels first read as channels last", PATCHES,
        'layer.data_format == "channels_first"', "False",
        f"{TESTS} -k channels_first",
    ),
    Break(
        "LSUV", "calls of an outer context forgotten", "_backend/keras_internals.py",
        "if call is not None:", "if False:",
        "test_keras_internals.py -k calls_are_replaced",
    ),
]  # fmt: skip
