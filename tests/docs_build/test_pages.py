"""The pages of the site: their code runs, their blocks are known, their pictures exist."""

import importlib
import json
import pathlib
import re

import keras
import pytest

from docs_build import (
    ablated,
    api_pages,
    blocks,
    card_figures,
    included,
    measured,
    message_texts,
    page_check,
)

pytest.importorskip("tensorflow")
ROOT = pathlib.Path(__file__).parent.parent.parent
PAGES = {str(p.relative_to(ROOT / "docs")): p.read_text() for p in (ROOT / "docs").rglob("*.md")}
CODE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CARDS = {name for name in PAGES if name.startswith("techniques/") and "index" not in name}
WITH_CODE = {name: CODE.findall(text) for name, text in PAGES.items() if CODE.search(text)}


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="once is enough")
@pytest.mark.parametrize("name", sorted(WITH_CODE))
def test_the_code_of_a_page_runs_in_an_empty_session(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "__main__"}
    for number, block in enumerate(WITH_CODE[name]):
        exec(compile(block, f"{name}, block {number}", "exec"), names)


@pytest.mark.parametrize("name", sorted(CARDS))
def test_a_card_has_all_its_parts(name):
    text = PAGES[name]
    for part in (
        r"^```formula$",
        r"^!\[",
        r"^```python$",
        r"^## Measured$",
        r"^\*\*Not when\*\*",
        r"^\*\*Papers?\*\*: .*\d{4}",
    ):
        assert re.search(part, text, re.MULTILINE), part
    assert len(text.split()) < 520, "more than a screen"
    for block in re.findall(r"^```measured\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        measured.gain(block, name)


def test_a_picture_has_a_text_and_a_file_that_draws_it():
    drawn = set(card_figures.names())
    for name, text in PAGES.items():
        for alt, picture in re.findall(r"!\[([^\]]*)\]\(([^)]*)\)", text):
            assert len(alt.split()) >= 3, (name, picture)
            if "generated/" in picture:
                assert pathlib.PurePosixPath(picture).stem in drawn, (name, picture)


def test_no_public_name_is_missing_from_the_api():
    pages = api_pages.pages()
    for room, names in api_pages.rooms().items():
        module = importlib.import_module(f"kerasrecipes.{room}")
        assert sorted(module.__all__) == sorted(names)
        for name in names:
            shown = f"::: {api_pages.identifier(room, name)}\n" in pages[f"api/{room}.md"]
            assert shown or name in api_pages.MODULES[room], name
            assert f"`{name}`" in pages["api/index.md"]


def test_what_a_page_may_not_have():
    good = '<img alt="a grid of crops" src="a.png"><script src="b.js"></script><a href="https://x.org">'
    assert page_check.problems_of(good) == []
    for bad in (
        '<img src="a.png">',
        '<img alt="image" src="a.png">',
        '<script src="https://x.org/a.js"></script>',
        '<link rel="stylesheet" href="//x.org/a.css">',
    ):
        assert len(page_check.problems_of(bad)) == 1, bad


def test_the_gain_of_a_card_is_that_of_the_stored_result(tmp_path, monkeypatch):
    speed = {"images": 1000, "images_per_second": 50.0}
    runs = []
    for seed, (low, high) in enumerate(((0.8, 0.9), (0.7, 0.75))):
        tests = {"a": {"accuracy": low, **speed}, "b_c": {"accuracy": high, **speed}}
        test = {"images": 1000, "protocols": tests}
        runs.append({"seed": seed, "seconds": 7.0, "test": test})
    content = {"recipe": "x", "command": "python recipes/x.py", "data": "images", "runs": runs}
    content["config"] = {"seeds": 5}
    monkeypatch.setattr(measured, "RESULTS", tmp_path)
    (tmp_path / "x.json").write_text(json.dumps(content))
    text = measured.gain("result: x\ntest: b c\nagainst: a\npaper: so much.", "techniques/x.md")
    assert "| a | 75.0% (72.2% to 77.6%) | 50 |" in text
    assert "seeds 0, 1 and following: each figure is the mean of 5 trainings" in text
    assert "**+7.5 points** (95% interval +3.9 to +11.1; by run +10.0, +5.0)" in text
    with pytest.raises(ValueError, match="Received: 'd'"):
        measured.gain("result: x\ntest: d\nagainst: a", "techniques/x.md")


def test_an_ablation_is_shown_with_and_without_the_part(tmp_path, monkeypatch):
    arms = {"all techniques": (0.8, 0.9), "without a": (0.7, 0.78), "without b": (0.8, 0.9)}
    ablation = {
        name: {"accuracy": list(both), "loss": [1.0, 1.0], "calibration_error": [0.1, 0.3]}
        for name, both in arms.items()
    }
    content = {"command": "python recipes/x.py --ablate", "data": "images", "ablation": ablation}
    (tmp_path / "ablation").mkdir()
    path = tmp_path / "ablation" / "x.json"
    path.write_text(json.dumps({**content, "test": {"images": 1000}}))
    monkeypatch.setattr(ablated, "RESULTS", tmp_path)
    text = ablated.ablated("x: a\n", "techniques/a.md")
    assert "| without a | 0.7400 | -0.1100 (-0.2371 to +0.0171) |" in text  # 0.01 · 12.706 each way
    assert "without b" not in text and "2 paired seeds, 1,000 test images" in text
    with pytest.raises(ValueError, match="Received: 'c'"):
        ablated.ablated("x: c", "techniques/a.md")


def test_newcombe_is_as_in_his_paper():
    low, high = measured.newcombe_interval((48, 80), (56, 70))
    assert (low, high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_links_of_an_included_page_lead_to_pages():
    text = included.included("recipes/README.md", "recipes/index.md")
    assert not re.search(r"\]\((?!https?:|#)[^)]*\.(py|ipynb|json)", text)
    assert included.place_of("recipes/../CONTRIBUTING.md") == "design.md"


def test_a_message_that_is_explained_is_one_of_the_package():
    said = message_texts.texts()
    messages = message_texts.quoted(PAGES["trouble.md"])
    assert len(messages) >= 18
    assert [m for m in messages if not message_texts.is_said(m, said)] == []
    assert not message_texts.is_said("No such file nor folder: …", said)


def test_links_of_the_readme_lead_somewhere():
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", page)
    assert len(targets) > 15
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_the_readme_says_how_to_read_the_site_before_it_links_to_it():
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    before, _, after = page.partition("python -m mkdocs serve")
    of_the_site = re.findall(r"\]\((docs/[^)#]+\.md)", before)
    assert of_the_site == ["docs/evidence/claims.md"], "plain Markdown, which a clone shows whole"
    assert not blocks.BLOCK.search(PAGES["evidence/claims.md"])
    assert "docs/techniques/index.md" in after


def test_the_site_shows_the_template_whole():
    assert "```source\nrecipes/own_model.py\n```" in PAGES["get_started.md"]
    source = (ROOT / "recipes" / "own_model.py").read_text(encoding="utf-8")
    assert source in blocks.replaced("source", "recipes/own_model.py\n", "get_started.md")
