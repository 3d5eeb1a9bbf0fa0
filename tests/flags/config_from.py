"""The config that a recipe gets from its command line."""

import pytest

from kerasrecipes.flags import command_line


def config_from(config_class, *arguments):
    """Return the config of `arguments`, or the exit status where they are refused."""
    seen = []

    def main(config):
        seen.append(config)
        return {}

    with pytest.raises(SystemExit) as ended:
        command_line(main, config_class, [str(argument) for argument in arguments])
    return seen[0] if seen else ended.value.code
