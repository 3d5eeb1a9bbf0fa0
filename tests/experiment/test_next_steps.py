"""The last lines of a run can be pasted."""

import shlex

from kerasrecipes.experiment.next_steps import next_steps


def test_what_is_there_is_named_and_quoted(tmp_path):
    folder = tmp_path / "my runs" / "it's"
    folder.mkdir(parents=True)
    assert next_steps(folder) == [f"Everything about this run: {folder}"]
    (folder / "report.html").touch()
    (folder / "model.keras").touch()
    scripts = tmp_path / "my recipes"
    scripts.mkdir()
    report, model = next_steps(folder, str(scripts / "finetune.py"))
    assert report.endswith("report.html") and model.endswith("model.keras")
    (scripts / "predict.py").touch()
    *_, last = next_steps(folder, str(scripts / "finetune.py"))
    words = shlex.split(last.partition(": ")[2])
    assert words == ["python", str(scripts / "predict.py"), str(folder), "IMAGE"]
