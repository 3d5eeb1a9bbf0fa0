"""Breaks the code on purpose, in a copy, and sees a test fail.

    python tests/break_code.py                    # every break of every room, half an hour
    python tests/break_code.py layers             # those of a room
    python tests/break_code.py --only Group       # those of subjects that begin with this
    python tests/break_code.py --changed          # those of files that differ from HEAD's parent
    python tests/break_code.py --changed main     # ... from main
    python tests/break_code.py --changed --most 12  # a sample of 12 of those

The tables are in `tests/breaks`, a file a room. Each row replaces a piece of source by a wrong one
and names the tests that must notice. Prints a table and exits with 1 if a break goes unnoticed, or
if its source is no longer there.
"""

import argparse
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.breaks.table import rooms  # noqa: E402

FAILED, PASSED = 1, 0


def main(arguments=None):
    """Run the breaks; return 0 if every one was noticed."""
    options = parse(arguments)
    chosen = [
        one
        for room, breaks in rooms().items()
        if room in (options.rooms or rooms())
        for one in breaks
        if one.subject.startswith(options.only)
    ]
    if options.changed:
        files = changed_files(options.changed)
        if files is None:
            print(f"no history to compare with: {options.changed} is not here, nothing is broken")
            return 0
        chosen = [one for one in chosen if touches(one, files)]
        if not chosen:
            print(f"no break is of a file that differs from {options.changed}")
            return 0
    verdicts = run(sample(chosen, options.most))
    unnoticed = [verdict for verdict in verdicts if verdict != "noticed"]
    print(f"{len(verdicts)} breaks, {len(unnoticed)} not noticed")
    return 1 if unnoticed or not verdicts else 0


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rooms", nargs="*", choices=[[], *rooms()], help="all by default")
    parser.add_argument("--only", default="", help="subjects that begin with this")
    parser.add_argument(
        "--changed", nargs="?", const="HEAD~1", metavar="COMMIT", help="default: HEAD~1"
    )
    parser.add_argument("--most", type=int, metavar="COUNT", help="default: all of them")
    return parser.parse_args(arguments)


def sample(breaks, most):
    """Return at most so many, evenly spaced; all of them for `None`."""
    if most is None or len(breaks) <= most:
        return breaks
    return [breaks[number * len(breaks) // most] for number in range(most)]


def changed_files(commit):
    """The files that differ from a commit, `None` where git does not have it."""
    command = ["git", "-C", str(ROOT), "diff", "--name-only", commit, "--"]
    try:
        result = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:  # no git
        return None
    return None if result.returncode else set(result.stdout.splitlines())


def touches(one, files):
    """Whether the broken file, its tests or its table are among the files."""
    tables = {f"tests/breaks/{room}.py" for room, breaks in rooms().items() if one in breaks}
    return bool(files & {f"kerasrecipes/{one.path}", f"tests/{one.test_file}", *tables})


def run(breaks):
    """Try each, print a line of each, return what happened."""
    verdicts = []
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder)
        for name in ("kerasrecipes", "recipes", "tests"):
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("pyproject.toml", "kerasrecipes_flags.py"):
            shutil.copy(ROOT / name, copy)
        for one in breaks:
            verdicts.append(try_break(one, copy))
            print(f"{one.subject:<32}{one.fault:<46}{verdicts[-1]}", flush=True)
    return verdicts


def try_break(one, copy):
    """Break the copy, run the tests, mend the copy, and say what happened."""
    path = copy / "kerasrecipes" / one.path
    source = path.read_text(encoding="utf-8")
    if source.count(one.right) != 1:
        return f"STALE: its source is there {source.count(one.right)} times"
    path.write_text(source.replace(one.right, one.wrong), encoding="utf-8")
    try:
        status = run_tests(one, copy)
    finally:
        path.write_text(source, encoding="utf-8")
    words = {FAILED: "noticed", PASSED: "UNNOTICED: its tests pass"}
    return words.get(status, f"BROKEN: pytest exits with {status}")


def run_tests(one, copy):
    """The exit status of pytest in the copy, stopped at the first failure."""
    # Alone: where tests run side by side, -x makes pytest exit as if it had been interrupted.
    command = [sys.executable, "-B", "-m", "pytest", "-n", "0", "-x", "-q", "--no-header"]
    command += ["-m", "not soak"]
    words = shlex.split(one.tests)
    environment = {**os.environ, "PYTHONPATH": str(copy)}
    if one.backend:
        environment["KERAS_BACKEND"] = one.backend
    return subprocess.run(
        [*command, f"tests/{words[0]}", *words[1:]],
        cwd=copy, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ).returncode  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
