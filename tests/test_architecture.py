"""Reads every import of the package and holds the direction of dependencies."""

import ast
import graphlib
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parent.parent
PACKAGE = ROOT / "kerasrecipes"
BACKENDS = {"tensorflow", "jax", "jaxlib", "torch"}
TENSORFLOW_ROOMS = {"augment", "data"}
EVERYONE = {
    "_atomic_write", "_backend", "_batches", "_feature_statistics", "_folder_lock", "_validation",
    "version",
}  # fmt: skip

MAY_IMPORT = {
    "_atomic_write": set(),
    "_batches": set(),
    "_feature_statistics": set(),
    "_folder_lock": set(),
    "_validation": set(),
    "version": set(),
    "_backend": set(),
    "ops": set(),
    "layers": {"ops"},
    "losses": {"ops"},
    "schedules": set(),
    "inference": {"ops", "layers"},
    "callbacks": {"ops", "schedules", "inference"},
    "optimizers": {"ops", "schedules"},
    "models": {"ops", "layers"},
    "transfer": {
        "ops", "layers", "losses", "schedules", "inference", "callbacks", "optimizers", "models",
    },
    "preflight": {
        "ops", "layers", "losses", "schedules", "inference", "callbacks", "optimizers", "models",
        "transfer",
    },
    "augment": set(),
    "data": set(),
    "evaluation": {"ops", "layers", "inference", "augment", "data"},
    "serving": {"ops", "layers", "inference", "augment", "data"},
    "experiment": {
        "ops", "layers", "losses", "schedules", "inference", "callbacks", "optimizers", "models",
        "transfer", "augment", "data", "evaluation", "serving",
    },
}  # fmt: skip

FILES = sorted(PACKAGE.rglob("*.py"))


def room_of(path):
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported_names(path):
    """Yield (dotted name, whether at module level) of each import in a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    top_level = set(map(id, tree.body))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, id(node) in top_level
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            for alias in node.names:
                yield f"{node.module}.{alias.name}", id(node) in top_level


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_one_way(path):
    room = room_of(path)
    if room == "__init__":
        return
    assert room in MAY_IMPORT, f"{room} is not a room of the frame"
    for name, _ in imported_names(path):
        parts = name.split(".")
        if parts[0] == "kerasrecipes" and parts[1] != room:
            assert parts[1] in MAY_IMPORT[room] | EVERYONE, f"{path} imports {name}"


def test_no_arrow_points_upward():
    graph = {room: below | (EVERYONE - {room} if room not in EVERYONE else set())
             for room, below in MAY_IMPORT.items()}  # fmt: skip
    order = list(graphlib.TopologicalSorter(graph).static_order())  # raises on a cycle
    assert order.index("serving") < order.index("experiment") > order.index("evaluation")
    assert not MAY_IMPORT["evaluation"] & {"serving", "experiment"}
    assert not MAY_IMPORT["serving"] & {"evaluation", "experiment"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_backends_are_imported_only_where_they_may_be(path):
    room = room_of(path)
    for name, at_module_level in imported_names(path):
        top = name.split(".")[0]
        if top not in BACKENDS:
            continue
        allowed = (room in TENSORFLOW_ROOMS and top == "tensorflow") or (
            room == "_backend" and not at_module_level
        )
        assert allowed, f"{path} imports {name}"


@pytest.mark.parametrize(
    "path",
    FILES + sorted(ROOT.glob("recipes/*.py")) + sorted(ROOT.glob("benchmarks/*.py")),
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_nobody_imports_keras_src_and_the_package_imports_no_recipe(path):
    for name, _ in imported_names(path):
        assert not name.startswith("keras.src"), f"{path} imports {name}"
        if PACKAGE in path.parents:
            assert name.split(".")[0] != "recipes", f"{path} imports {name}"


def test_rooms_are_tables_of_contents():
    for room in sorted(path for path in PACKAGE.iterdir() if path.is_dir()):
        if room.name == "__pycache__":
            continue
        tree = ast.parse((room / "__init__.py").read_text(encoding="utf-8"))
        assert ast.get_docstring(tree), f"{room}/__init__.py says nothing"
        if room.name != "_backend":
            names = [
                getattr(node.targets[0], "id", "")
                for node in tree.body
                if isinstance(node, ast.Assign)
            ]
            assert "__all__" in names, f"{room}/__init__.py lists nothing"
