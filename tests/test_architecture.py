"""Reads every import of the package and holds the direction of dependencies."""

import ast
import graphlib
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parent.parent
PACKAGE = ROOT / "kerasrecipes"
BACKENDS = {"tensorflow", "jax", "jaxlib", "torch"}
EVERYONE = {
    "_array_spec", "_atomic_write", "_backend", "_batches", "_feature_statistics",
    "_folder_lock", "_image_sources", "_layer_names", "_png", "_printable", "_progress",
    "_quiet_import",
    "_shard_kinds", "_terminal", "_validation", "_warning", "version",
}  # fmt: skip

MAY_IMPORT = {
    "_array_spec": set(),
    "_atomic_write": set(),
    "_batches": set(),
    "_feature_statistics": set(),
    "_folder_lock": set(),
    "_image_sources": set(),
    "_layer_names": set(),
    "_png": set(),
    "_printable": set(),
    "_progress": set(),
    "_quiet_import": set(),
    "_shard_kinds": set(),
    "_terminal": set(),
    "_validation": set(),
    "_warning": set(),
    "version": set(),
    "_backend": set(),
    "ops": set(),
    "layers": {"ops"},
    "losses": {"ops"},
    "initializers": set(),
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
    "flags": {"callbacks"},  # once the flags are parsed
    "evaluation": {"ops", "layers", "losses", "inference", "augment", "data"},
    "serving": {"ops", "layers", "inference", "augment", "data"},
    "experiment": {
        "ops", "layers", "losses", "schedules", "inference", "callbacks", "optimizers", "models",
        "transfer", "augment", "data", "evaluation", "serving", "flags", "preflight",
    },
    "search": {"callbacks", "data", "evaluation", "experiment", "flags"},
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
        allowed = room == "_backend" and not at_module_level
        assert allowed, f"{path} imports {name}; `tf` is in _backend.tensorflow_module"


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


def private_of_the_package(path):
    """The imports in a file of modules or names of the package that begin with `_`."""
    names = [name.split(".") for name, _ in imported_names(path)]
    return [".".join(parts) for parts in names if parts[0].startswith("kerasrecipes")
            and any(part.startswith("_") for part in parts)]  # fmt: skip


@pytest.mark.parametrize("path", sorted(ROOT.glob("recipes/*.py")), ids=lambda path: path.stem)
def test_a_recipe_uses_public_names_alone(path):
    found = private_of_the_package(path)
    assert not found, f"{path.name} imports {found}: a recipe is copied, so its names are public"


def test_private_imports_are_recognised(tmp_path):
    path = tmp_path / "recipe.py"
    path.write_text(
        "import kerasrecipes._terminal\nimport os._x\nfrom kerasrecipes import experiment\n"
        "def late():\n    from kerasrecipes._backend.requirement import require_scipy\n"
    )
    assert private_of_the_package(path) == [
        "kerasrecipes._terminal", "kerasrecipes._backend.requirement.require_scipy",
    ]  # fmt: skip


# Private names of Keras's layers, models, optimizers, callbacks, metrics and tensors.
PRIVATE_OF_KERAS = {
    "_accumulated_gradients", "_apply_weight_decay", "_backend_update_step", "_call_has_mask_arg",
    "_call_has_training_arg", "_clear_losses", "_compile_config", "_compile_loss",
    "_compile_metrics", "_direction", "_epoch_iterator", "_eval_epoch_iterator", "_flatten_layers",
    "_flatten_metrics_in_order", "_functional", "_get_current_learning_rate",
    "_get_own_losses", "_inbound_nodes", "_initial_epoch", "_is_improvement",
    "_iterations", "_jax_state", "_jax_state_synced", "_keras_history", "_keras_mask",
    "_learning_rate", "_loss_ids", "_loss_tracker", "_model", "_model_variables_moving_average",
    "_non_trainable_variables", "_operations", "_outbound_nodes", "_seed_generators",
    "_set_monitor_op", "_symbolic_build", "_trainable_variables", "_use_weight_decay", "_value",
    "_var_key",
}  # fmt: skip
HOME_OF_PRIVATE = PACKAGE / "_backend" / "keras_internals.py"


def private_of_keras(tree):
    """Yield (line, name) of each private name of Keras that is not an own attribute of a class.

    `self._model` stays: a callback's model as it is, which classes of ours have too.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in PRIVATE_OF_KERAS:
            if getattr(node.value, "id", "") not in ("self", "cls"):
                yield node.lineno, node.attr
        elif isinstance(node, ast.Constant) and node.value in PRIVATE_OF_KERAS - {"_model"}:
            yield node.lineno, node.value


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_private_parts_of_keras_are_read_in_one_file(path):
    if path == HOME_OF_PRIVATE:
        return
    found = list(private_of_keras(ast.parse(path.read_text(encoding="utf-8"))))
    assert not found, f"{path} reads {found}: add a function to {HOME_OF_PRIVATE.name}"


@pytest.mark.parametrize(
    "source, names",
    [
        ("model._flatten_layers()", ["_flatten_layers"]),
        ("getattr(optimizer, '_iterations')", ["_iterations"]),
        ("self.optimizer._learning_rate", ["_learning_rate"]),
        ("self._trainable_variables = []", []),
        ("model.layers, self._groups", []),
    ],
)
def test_private_names_are_recognised(source, names):
    assert [name for _, name in private_of_keras(ast.parse(source))] == names


def raw_warnings(tree):
    """Yield the line of each use of `warnings.warn`, under any name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ("warn", "warn_explicit"):
            if getattr(node.value, "id", "") == "warnings":
                yield node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module == "warnings":
            yield node.lineno


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_warnings_are_given_in_one_way(path):
    if path == PACKAGE / "_warning.py":
        return
    found = list(raw_warnings(ast.parse(path.read_text(encoding="utf-8"))))
    assert not found, f"{path}, lines {found}: use `_warning.warn`, which finds the user's line"


def test_raw_warnings_are_recognised():
    source = "warnings.warn('x')\nfrom warnings import warn\nself.warn('x')\nwarn('x')\n"
    assert sorted(raw_warnings(ast.parse(source))) == [1, 2]


def test_the_tree_of_contributing_is_the_folder():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    tree = text.split("```\nkerasrecipes/\n")[1].split("```")[0]
    named = {line.split()[0] for line in tree.splitlines() if line.startswith("  ")}
    there = {
        path.name + ("/" if path.is_dir() else "")
        for path in PACKAGE.iterdir()
        if path.name not in ("__init__.py", "__pycache__", "py.typed")
    }
    assert named == there


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
