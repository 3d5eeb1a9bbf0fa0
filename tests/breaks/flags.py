"""Breaks of `flags`."""

from tests.breaks.table import Break

PRESETS, TESTS = "flags/presets.py", "flags/test_presets.py"

BREAKS = [
    Break(
        "preset_defaults", "cifar100 is taken for cifar10", PRESETS,
        r"(?!\d)", "", f"{TESTS} -k other_images",
    ),
    Break(
        "preset_defaults", "the rate is scaled from the recipe's own batch size", PRESETS,
        '("scale_rate", given.scale_rate)', '("scale_rate", False)', f"{TESTS} -k refused",
    ),
    Break(
        "preset_sentence", "settings that a flag changed are called the paper's", PRESETS,
        "if getattr(config, name) != getattr(plain, name)]", "if False]",
        f"{TESTS} -k other_flags",
    ),
]  # fmt: skip
