"""The public surface is typed: every argument and result, and the marker that says so."""

import ast
import pathlib

import pytest

import kerasrecipes

PACKAGE = pathlib.Path(__file__).parent.parent / "kerasrecipes"
SPECIAL = ("__init__", "__call__", "__enter__", "__exit__", "__len__", "__getitem__")


def exported(init):
    """Yield (file, name) of what a room's table of contents exports."""
    tree = ast.parse(init.read_text(encoding="utf-8"))
    listed = {
        element.value
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__"
        for element in node.value.elts
        if isinstance(element, ast.Constant)
    }
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            path = PACKAGE.parent / (node.module.replace(".", "/") + ".py")
            for alias in node.names:
                if (alias.asname or alias.name) in listed and path.exists():
                    yield path, alias.name


def signatures(path, name):
    """Yield (name, function, whether its first argument is bound) of a public name."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            yield name, node, False
        elif isinstance(node, ast.ClassDef) and node.name == name:
            for part in node.body:
                if isinstance(part, ast.FunctionDef) and is_public(part.name):
                    decorators = [getattr(d, "id", "") for d in part.decorator_list]
                    yield f"{name}.{part.name}", part, "staticmethod" not in decorators


def is_public(name):
    return name in SPECIAL or not name.startswith("_")


def untyped(function, bound):
    """The arguments without a type, and "return" if the result has none."""
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args][bool(bound) :] + arguments.kwonlyargs
    every += [one for one in (arguments.vararg, arguments.kwarg) if one]
    missing = [one.arg for one in every if one.annotation is None]
    return missing + ([] if function.returns else ["return"])


PUBLIC = sorted({pair for init in PACKAGE.rglob("__init__.py") for pair in exported(init)})


def test_there_is_a_public_surface():
    assert len(PUBLIC) > 80
    assert (pathlib.Path(kerasrecipes.__file__).parent / "py.typed").exists()


@pytest.mark.parametrize(
    "path, name", PUBLIC, ids=[f"{path.relative_to(PACKAGE)}-{name}" for path, name in PUBLIC]
)
def test_every_argument_and_result_has_a_type(path, name):
    for called, function, bound in signatures(path, name):
        assert untyped(function, bound) == [], called


def test_a_missing_type_is_seen():
    function = ast.parse("def f(self, a: int, b=1, *c, d: int, **e) -> None: ...").body[0]
    assert untyped(function, True) == ["b", "c", "e"]
    assert untyped(ast.parse("def f(a: int): ...").body[0], False) == ["return"]
