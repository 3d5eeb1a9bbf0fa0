"""The table of versions in CONTRIBUTING is the one in setup.py, and holds what runs here."""

import importlib.metadata
import pathlib
import re
import sys

import pytest

ROOT = pathlib.Path(__file__).parent.parent
SETUP = (ROOT / "setup.py").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (\w+) \| ([\d.]+) \| ([\d.]+) \|$", re.MULTILINE)
TABLE = {
    name.lower(): (oldest, newest)
    for name, oldest, newest in ROW.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
}
PACKAGES = {"keras": "keras", "tensorflow": "tensorflow-cpu", "jax": "jax", "pytorch": "torch"}


def numbers(version):
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def test_the_table_lists_all():
    assert set(TABLE) == {*PACKAGES, "python"}


@pytest.mark.parametrize("name", PACKAGES)
def test_the_bounds_in_setup_are_the_tables(name):
    oldest, newest = TABLE[name]
    major, minor = numbers(newest)
    package = PACKAGES[name]
    assert f"{package}>={oldest},<{major}.{minor + 1}" in SETUP


@pytest.mark.parametrize("name", PACKAGES)
def test_what_is_installed_is_in_the_table(name):
    try:
        installed = importlib.metadata.version(PACKAGES[name])
    except importlib.metadata.PackageNotFoundError:
        pytest.skip(f"{PACKAGES[name]} is not installed")
    oldest, newest = map(numbers, TABLE[name])
    assert oldest <= numbers(installed) <= newest


def test_python():
    oldest, _ = TABLE["python"]
    assert f'python_requires=">={oldest}"' in SETUP
    assert sys.version_info >= numbers(oldest)
