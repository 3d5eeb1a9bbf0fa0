"""Checks before a long training: what is wrong is found in seconds, and named.

- `preflight`: runs the checks on a model and its data, and changes neither.
- `Preflight`, `Check`: the results: a table, and each line of it.
"""

from kerasrecipes.preflight.check import Check
from kerasrecipes.preflight.preflight import preflight
from kerasrecipes.preflight.report import Preflight

__all__ = ["Check", "Preflight", "preflight"]
