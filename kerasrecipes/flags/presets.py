"""`--preset paper`: a paper's settings for the data set in hand as the defaults of all flags.

A recipe has `PRESETS`, a dict from the name of a data set to the paper's settings, and says in
`NOT_AS_IN_THE_PAPER` what differs. `MORE_PRESETS` is a dict from other values of `--preset`, such
as `"paper-plain"`, to such a dict each; what differs is then a dict by the value of `--preset`.
"""

import argparse
import dataclasses
import re

from kerasrecipes._shard_kinds import split_shard_source

# What changes nothing that a paper says.
OF_A_RUN = {
    "data", "image_column", "label_column", "split_column", "weight_column", "class_depth", "exif",
    "strict", "check", "seed", "output", "resume", "preflight", "dry_run", "export", "keep_going",
    "tensorboard", "precision", "jit", "devices", "strategy", "preset",
}  # fmt: skip
HELP = (
    "paper: the paper's settings for the data set that the name of --data begins with ({}) are the "
    "defaults of all flags"
)


def add_preset_flag(parser, config_class):
    """Add `--preset` to the parser of a recipe that has `PRESETS`."""
    if tables := _tables(config_class):
        others = [f"; {name}: other networks of it ({_or(tables[name])})" for name in [*tables][1:]]
        parser.add_argument_group("settings of the paper").add_argument(
            "--preset",
            choices=tuple(tables),
            default=None,
            help=HELP.format(_or(tables["paper"])) + "".join(others),
        )


def preset_defaults(config_class, arguments):
    """Return the paper's settings if `--preset` is among the arguments, else {}.

    Raises:
        ValueError: If there are none for these images, or another flag contradicts them.
    """
    finder = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    finder.add_argument("--preset", nargs="?")
    finder.add_argument("--data", nargs="?", default=getattr(config_class, "data", None))
    finder.add_argument("--config", nargs="?")
    finder.add_argument("--scale-rate", action="store_true")
    finder.add_argument("-h", "--help", action="store_true")
    given = finder.parse_known_args(arguments)[0]
    if given.preset not in _tables(config_class) or given.help:
        return {}
    for flag, value in (("config", given.config), ("scale_rate", given.scale_rate)):
        if value:
            raise ValueError(
                f"Argument `preset` does not go with `{flag}`, which changes other settings. "
                f"Received: preset={given.preset}, {flag}={value}"
            )
    return preset_settings(config_class, given.data, given.preset)


def preset_settings(config_class, data, preset):
    """Return the paper's settings for `--data`: a dict from the names of fields to their values.

    The data set is told by its name in TFDS, or by a file or folder that begins with the name.

    Raises:
        ValueError: If there are none for these images, or no such preset.
    """
    tables = _tables(config_class)
    if not tables:
        raise ValueError(f"Argument `preset` is not for this recipe. Received: preset={preset}")
    if preset not in tables:
        raise ValueError(f"Argument `preset` must be {_or(tables)}. Received: preset={preset}")
    for name, settings in tables[preset].items():
        if _is_called(data or "", name):
            return settings
    raise ValueError(
        f"Argument `preset` has the paper's settings for {_or(tables[preset])}, told by the name "
        f"of `data`. Received: preset={preset}, data={data}"
    )


def check_preset(config):
    """Raise where a config says that its settings are a paper's, and none of them is.

    The command line takes the settings where `--preset` stands; a constructor does not.

    Raises:
        ValueError: If there are none for these images, or none was taken.
    """
    settings = preset_settings(type(config), config.data, config.preset)
    own = {name: value for name, value in settings.items() if value != getattr(type(config), name)}
    if not any(getattr(config, name) == value for name, value in own.items()):
        raise ValueError(
            "Argument `preset` only says where the settings are from, and none is the paper's: "
            f"give them too, as in Config(preset={config.preset!r}, **SETTINGS): {own}. "
            f"Received: preset={config.preset}, data={config.data}"
        )


def preset_sentence(config):
    """Return what the preset set, what other flags changed, and what differs from the paper."""
    if getattr(config, "preset", None) is None:
        return ""
    settings = preset_settings(type(config), config.data, config.preset)
    plain = type(config)(**settings, data=config.data)
    names = [one.name for one in dataclasses.fields(config) if one.name not in OF_A_RUN]
    changed = [name for name in names if getattr(config, name) != getattr(plain, name)]
    kept = ", ".join(f"{name} {settings[name]}" for name in settings if name not in changed)
    words = [f"Settings of the paper: {kept or 'none'}."]
    if changed:
        words.append(f"By flags: {', '.join(f'{n} {getattr(config, n)}' for n in changed)}.")
    differs = type(config).NOT_AS_IN_THE_PAPER
    differs = differs[config.preset] if isinstance(differs, dict) else differs
    return " ".join([*words, f"Not as in the paper: {differs}."])


def _tables(config_class):
    """Return {value of `--preset`: {data set: settings}}."""
    presets = getattr(config_class, "PRESETS", None)
    return {"paper": presets, **getattr(config_class, "MORE_PRESETS", {})} if presets else {}


def _or(presets):
    return " or ".join(presets)


def _is_called(data, name):
    """Whether `--data` is of a data set such as `cifar10`, as `images/CIFAR-10_train.npz` is."""
    if data.startswith("tfds:"):
        return data.removeprefix("tfds:").partition("/")[0].lower() == name
    letters = name.rstrip("0123456789")
    beginning = rf"{letters}[-_ ]?{name.removeprefix(letters)}(?!\d)"
    _, path = split_shard_source(data)
    parts = re.split(r"[/\\]", path.lower())
    return any(re.match(beginning, part) for part in parts)
