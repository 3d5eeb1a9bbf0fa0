"""The result of one check."""

import dataclasses

PASS, WARN, FAIL, SKIP = ("pass", "warn", "fail", "skip")


@dataclasses.dataclass(frozen=True)
class Check:
    """One line of a `Preflight`.

    Attributes:
        name: str, what was checked, such as `"learning_rate"`.
        status: `"pass"`, `"warn"`, `"fail"`, or `"skip"` where the check does not apply.
        finding: str, what was measured.
        advice: str, what to do; empty for `"pass"` and `"skip"`.

    Example:

    >>> from kerasrecipes.preflight import Check
    >>> print(Check("inputs", "fail", "rms 140", "Divide the pixels by 255."))
    FAIL  inputs: rms 140. Divide the pixels by 255.
    """

    name: str
    status: str
    finding: str
    advice: str = ""

    def __str__(self):
        text = f"{self.status.upper():4}  {self.name}: {self.finding}. {self.advice}"
        return text.rstrip()
