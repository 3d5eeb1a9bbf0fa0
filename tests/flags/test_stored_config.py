"""`--config metrics.json`: the settings of a finished run, and other flags over them."""

import dataclasses
import json

import pytest

from kerasrecipes.flags import flag
from kerasrecipes.flags.config import TrainingConfig
from tests.flags.config_from import config_from


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(TrainingConfig):
    """Flags of a recipe."""

    rate: float | None = flag(None, "a rate", "(0, inf)")
    averaged: bool = flag(True, "whether to average")


def config_of(*arguments):
    return config_from(Config, *arguments)


@pytest.fixture
def stored(tmp_path):
    config = Config(
        epochs=7, rate=0.5, averaged=False, strict=True, output="there", resume=True, data="x.npz"
    )
    content = {"config": dataclasses.asdict(config), "seed": 0}
    (tmp_path / "metrics.json").write_text(json.dumps(content))
    return tmp_path / "metrics.json"


def test_a_finished_run_again(stored):
    for path in (stored, stored.parent):
        again = config_of("--config", path)
        expected = Config(epochs=7, rate=0.5, averaged=False, strict=True, data="x.npz")
        assert again == expected


def test_other_flags_over_them(stored):
    again = config_of("--config", stored, "--epochs", 3, "--averaged", "--output", "new")
    assert (again.epochs, again.averaged, again.output) == (3, True, "new")
    assert again.rate == 0.5 and config_of("--epochs", 3).rate is None


def test_a_flag_that_is_stored_is_turned_off(stored):
    assert config_of("--config", stored).strict is True
    assert config_of("--config", stored, "--no-strict").strict is False
    assert config_of("--config", stored, "--no-strict", "--strict").strict is True
    assert config_of("--config", stored, "--no-keep-going").keep_going is False
    assert config_of("--no-strict").strict is False and config_of("--strict").strict is True
    assert config_of().strict is False


def store(path, **settings):
    (path / "metrics.json").write_text(json.dumps({"config": settings}))
    return path / "metrics.json"


def test_the_rate_is_scaled_from_the_batch_size_of_the_run(tmp_path):
    run = store(tmp_path, batch_size=32, accumulation_steps=2, rate=0.5)
    again = config_of("--config", run, "--scale-rate", "--batch-size", 256)
    assert again.rate_scale() == 256 * 2 / 64 and again.rate_batch_size == 64
    of_it = store(tmp_path, **dataclasses.asdict(again))
    assert config_of("--config", of_it) == again
    assert config_of("--config", of_it, "--batch-size", 64).rate_scale() == 2
    assert config_of("--config", of_it, "--no-scale-rate").rate_batch_size is None
    old = store(tmp_path, epochs=7)  # its batch size was the recipe's
    assert config_of("--config", old, "--scale-rate", "--batch-size", 256).rate_scale() == 2


def test_the_same_batch_size_has_nothing_to_scale(tmp_path, capsys):
    run = store(tmp_path, batch_size=32)
    assert config_of("--config", run, "--scale-rate") == 2
    assert "is for (32 images an update)" in capsys.readouterr().err
    with pytest.raises(ValueError, match="`rate_batch_size` needs `scale_rate`"):
        Config(rate_batch_size=64)


def test_a_run_from_before_a_flag_says_so(tmp_path, capsys, stored):
    settings = json.loads(stored.read_text())["config"]
    assert config_of("--config", stored).strict and capsys.readouterr().out == ""
    del settings["train_images"], settings["rate_batch_size"], settings["preset"]
    again = config_of("--config", store(tmp_path, **settings))
    assert again.train_images is None and again.epochs == 7
    said = "is from before these flags, which have their defaults: --train-images.\n"
    assert capsys.readouterr().out.endswith(said)
    config_of("--config", tmp_path, "--train-images", 500)
    config_of("--config", tmp_path, "--train-images=500")
    assert capsys.readouterr().out == ""


def test_a_stored_batch_size_that_is_none(tmp_path, capsys):
    run = store(tmp_path, batch_size=None)
    assert config_of("--config", run, "--scale-rate", "--batch-size", 256) == 2
    assert "`batch_size` must be an integer" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read"),
        ("{", "not the metrics.json"),
        ("[1]", "not the metrics.json"),
        ('{"config": 3}', "not the metrics.json"),
        ('{"config": {"depth": 20}}', "another recipe, which has --depth"),
        ('{"config": {"epochs": 0}}', "epochs=0"),
    ],
)
def test_other_files_are_one_line(tmp_path, content, words, capsys):
    if content is not None:
        (tmp_path / "f.json").write_text(content)
    assert config_of("--config", tmp_path / "f.json") == 2
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1


def test_a_part_of_the_training_images_for_validation():
    assert Config(validation_fraction=0.2).data_options()["split"] == (0.8, 0.2)
    assert "split" not in Config().data_options()
    with pytest.raises(ValueError, match=r"in \(0, 0.5\]"):
        Config(validation_fraction=0.6)
