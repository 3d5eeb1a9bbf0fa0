"""Every notebook is committed without outputs, defines nothing, and runs from top to bottom."""

import ast
import pathlib

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")

NOTEBOOKS = sorted((pathlib.Path(__file__).parent.parent.parent / "notebooks").glob("*.ipynb"))


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.name)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def test_there_are_notebooks():
    assert NOTEBOOKS


def test_outputs_are_stripped_and_no_logic_is_defined(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert not cell.outputs and cell.execution_count is None
            source = cell.source.replace("%matplotlib inline\n", "")
            for node in ast.walk(ast.parse(source)):
                assert not isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.While))


@pytest.mark.slow
def test_runs_from_top_to_bottom(notebook, monkeypatch):
    monkeypatch.delenv("MPLBACKEND", raising=False)  # the kernel draws inline
    for cell in notebook.cells:
        cell.source = cell.source.replace("epochs=8", "epochs=1")  # what is drawn is the same
    folder = str(NOTEBOOKS[0].parent)
    client = nbclient.NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": folder}}
    )
    client.execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 6
