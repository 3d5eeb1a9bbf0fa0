"""The version, read by `setup.py` and written into every run's `metrics.json`."""

__version__ = "0.1.0"
