"""What `preflight` returns."""

import dataclasses
import textwrap
from typing import Any

from kerasrecipes.preflight.check import FAIL, WARN, Check

WIDTH = 100


@dataclasses.dataclass(frozen=True)
class Preflight:
    """The results of `preflight`; it prints as a table.

    Attributes:
        checks: tuple of `Check`, in the order in which they should be looked into.
        pictures: tuple of what `plot` draws. Defaults to nothing.
        passed: bool, whether no check failed; warnings do not count.

    Example:

    >>> from kerasrecipes.preflight import Check, Preflight
    >>> print(Preflight((Check("inputs", "pass", "rms 0.9"), Check("leakage", "skip", "no data"))))
    pass  inputs   rms 0.9
    skip  leakage  no data
    1 passed, 0 warnings, 0 failed, 1 skipped
    """

    checks: tuple[Check, ...]
    pictures: tuple[Any, ...] = dataclasses.field(default=(), repr=False)

    @property
    def passed(self) -> bool:
        return not self.failures

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if check.status == FAIL)

    @property
    def warnings(self) -> tuple[Check, ...]:
        """The checks that warn."""
        return tuple(check for check in self.checks if check.status == WARN)

    def __getitem__(self, name: str) -> Check:
        """The check of this name."""
        for check in self.checks:
            if check.name == name:
                return check
        names = ", ".join(check.name for check in self.checks)
        raise KeyError(f"A check must be one of {names}. Received: {name!r}")

    def __str__(self):
        width = max((len(check.name) for check in self.checks), default=0)
        lines = [line for check in self.checks for line in _lines(check, width)]
        count = {s: sum(check.status == s for check in self.checks) for s in ("pass", "skip")}
        lines.append(
            f"{count['pass']} passed, {len(self.warnings)} warnings, {len(self.failures)} failed, "
            f"{count['skip']} skipped"
        )
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return the results as plain values for a JSON file."""
        return {
            "passed": self.passed,
            "checks": [dataclasses.asdict(check) for check in self.checks],
        }

    def plot(self) -> Any:
        """Return a matplotlib figure of inputs with their labels: do they belong together?

        Raises:
            ValueError: if the inputs are no images.
        """
        if not self.pictures:
            raise ValueError(
                "Only images can be drawn: arrays (examples, height, width, 1 or 3). "
                "Received: other inputs"
            )
        from kerasrecipes.preflight.label_figure import label_figure

        return label_figure(self.pictures)


def _lines(check, width):
    status = check.status.upper() if check.advice else check.status
    first = f"{status}  {check.name:<{width}}  "
    rest = " " * len(first)
    for number, text in enumerate(part for part in (check.finding, check.advice) if part):
        indent = first if number == 0 else rest
        yield textwrap.fill(text, WIDTH, initial_indent=indent, subsequent_indent=rest)
