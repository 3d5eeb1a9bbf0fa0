"""The flags of a script, without the seconds that importing `kerasrecipes` takes.

`kerasrecipes` imports Keras and its backend at once, to register its classes. If this module is
imported first, that waits until a room is used, so that `--help` and refused flags are answered
in a fraction of a second:

    from kerasrecipes_flags import TrainingConfig, flag, parse_first

    ...  # a dataclass `Config` of flags

    parse_first(Config)

    from kerasrecipes import data, experiment, models
"""

from kerasrecipes.flags import (
    CROPS,
    EXPORTS,
    FALLS,
    TASKS,
    AblationConfig,
    ComparisonConfig,
    DryRunEnded,
    RunConfig,
    RunFinished,
    TrainingConfig,
    check_effect,
    check_fields,
    check_output_file,
    command_line,
    console,
    flag,
    parse_first,
    plain_errors,
    positional,
)

__all__ = [
    "CROPS",
    "EXPORTS",
    "FALLS",
    "TASKS",
    "AblationConfig",
    "ComparisonConfig",
    "DryRunEnded",
    "RunConfig",
    "RunFinished",
    "TrainingConfig",
    "check_effect",
    "check_fields",
    "check_output_file",
    "command_line",
    "console",
    "flag",
    "parse_first",
    "plain_errors",
    "positional",
]
