"""Breaks of `flags`."""

from tests.breaks.table import Break

PRESETS, TESTS = "flags/presets.py", "flags/test_presets.py"
STORED, STORED_TESTS = "flags/stored_config.py", "flags/test_stored_config.py"

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
        "check_preset", "settings that were not taken are called the paper's", PRESETS,
        "if not any(getattr(config, name) == value for", "if False and any(name == value for",
        f"{TESTS} -k not_taken",
    ),
    Break(
        "preset_sentence", "settings that a flag changed are called the paper's", PRESETS,
        "if getattr(config, name) != getattr(plain, name)]", "if False]",
        f"{TESTS} -k other_flags",
    ),
    Break(
        "stored_defaults", "--scale-rate scales from the recipe's batch size", STORED,
        "images[0] * images[1]", "None", f"{STORED_TESTS} -k scaled_from",
    ),
    Break(
        "stored_sentence", "an older run does not say so", STORED,
        "if not stored or not new:", "if True:", f"{STORED_TESTS} -k from_before",
    ),
    Break(
        "command_of", "a command with a preset repeats its settings", "experiment/provenance.py",
        "return config, settings", "return config, {}",
        f"{TESTS} -k kept_with",
    ),
]  # fmt: skip
