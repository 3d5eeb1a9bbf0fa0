"""The flags of a script: a command line from a dataclass. Nothing slow is imported here.

Import these names from `kerasrecipes_flags`, which does not load the rest of the package.

- `flag`, `positional`, `check_fields`: fields of a dataclass that become flags.
- `check_effect`: refuses a flag that needs another one.
- `RunConfig`, `TrainingConfig`, `AblationConfig`, `ComparisonConfig`: the flags that recipes share.
- `parse_first`: ends a script at `--help` or a refused flag, before its slow imports.
- `check_output_file`: refuses the name of a file that cannot be written.
- `command_line`: parses the flags, calls `main`, exits with its status.
- `console`: the command `kerasrecipes`, which runs the recipes.
- `plain_errors`: ends a script without flags with one line at an error, quietly at Ctrl-C.
- `DryRunEnded`: ends a script that `--dry-run` asks what it would do, with status 0.
- `RunFinished`: ends a script whose run is finished already, with status 0.
- `CROPS`, `EXPORTS`, `FALLS`, `TASKS`: the choices of flags that several recipes have.
"""

from kerasrecipes.flags.ablation_config import AblationConfig
from kerasrecipes.flags.choices import CROPS, EXPORTS, FALLS, TASKS
from kerasrecipes.flags.command_line import command_line, parse_first
from kerasrecipes.flags.comparison_config import ComparisonConfig
from kerasrecipes.flags.config import TrainingConfig
from kerasrecipes.flags.console import console
from kerasrecipes.flags.dry_run_ended import DryRunEnded
from kerasrecipes.flags.fields import check_effect, check_fields, flag, positional
from kerasrecipes.flags.output_file import check_output_file
from kerasrecipes.flags.plain_errors import plain_errors
from kerasrecipes.flags.run_config import RunConfig
from kerasrecipes.flags.run_finished import RunFinished

__all__ = [
    "CROPS",
    "EXPORTS",
    "FALLS",
    "TASKS",
    "AblationConfig",
    "ComparisonConfig",
    "RunConfig",
    "DryRunEnded",
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
