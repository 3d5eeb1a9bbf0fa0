"""Checks before a long training: what is wrong is found in seconds, and named.

- `preflight`: runs the checks on a model and its data, and changes neither.
- `gradient_errors`: how far the gradient of any function is from its slope.
- `Preflight`, `Check`: the results: a table, and each line of it.
"""

from kerasrecipes.preflight.check import Check
from kerasrecipes.preflight.gradient_errors import gradient_errors
from kerasrecipes.preflight.preflight import preflight
from kerasrecipes.preflight.report import Preflight

__all__ = ["Check", "Preflight", "gradient_errors", "preflight"]
