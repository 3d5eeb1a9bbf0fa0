"""`--preset paper`: a paper's settings for the data set in hand, and other flags over them."""

import dataclasses
import json
from typing import ClassVar

import pytest

from kerasrecipes.experiment.provenance import command_of
from kerasrecipes.flags import flag
from kerasrecipes.flags.config import TrainingConfig
from kerasrecipes.flags.presets import preset_sentence
from tests.flags.config_from import config_from


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(TrainingConfig):
    """Flags of a recipe."""

    PRESETS: ClassVar = {
        "cifar10": {"epochs": 500, "rate": 0.5},
        "mnist": {"rate": 0.25, "parts": 2},
    }
    NOT_AS_IN_THE_PAPER: ClassVar = "the shortcuts"
    rate: float = flag(0.1, "a rate", "(0, inf)")
    parts: int | None = flag(None, "parts of a batch")


def config_of(*arguments):
    return config_from(Config, *arguments)


PAPER = ("--preset", "paper", "--data")


@pytest.mark.parametrize(
    "data",
    ["cifar10.npz", "some/CIFAR-10_train.npz", "tfds:cifar10", "tfds:cifar10/3.0.2", "cifar10/",
     "tfrecord:there/cifar10", "webdataset:cifar10", "arrayrecord:cifar10/train-*",
     "tfrecord:cifar10/train-*", "CIFAR-10 (1).npz", "cifar10_0.npz",
     "cifar10/train.csv", "tfrecord:x/cifar10-00000-of-00005.tfrecord"],
)  # fmt: skip
def test_the_data_set_is_told_by_its_name(data):
    config = config_of(*PAPER, data)
    assert (config.epochs, config.rate, config.batch_size) == (500, 0.5, 128)


def test_each_data_set_has_its_own(capsys):
    config = config_of(*PAPER, "mnist.npz")
    assert (config.epochs, config.rate) == (10, 0.25)
    assert "Settings of the paper: rate 0.25, parts 2. Not as in the paper: the shortcuts." in (
        capsys.readouterr().out
    )
    assert config_of("--data", "mnist.npz").rate == 0.1
    assert "paper" not in capsys.readouterr().out


def test_more_presets_have_their_own_settings_and_differences(capsys):
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Two(Config):
        MORE_PRESETS: ClassVar = {"paper-small": {"cifar10": {"rate": 0.75}}}
        NOT_AS_IN_THE_PAPER: ClassVar = {"paper": "the shortcuts", "paper-small": "the stem"}

    config = config_from(Two, "--preset", "paper-small", "--data", "cifar10.npz")
    assert (config.rate, config.epochs, config.preset) == (0.75, 10, "paper-small")
    assert "rate 0.75. Not as in the paper: the stem." in capsys.readouterr().out
    words = command_of("recipe", config).split()
    assert "paper-small" in words and "--rate" not in words
    assert config_from(Two, *words[words.index("--data") :]) == config
    assert config_from(Two, *PAPER, "mnist.npz").rate == 0.25
    assert config_from(Two, "--preset", "paper-small", "--data", "mnist.npz") == 2
    assert "settings for cifar10, told" in capsys.readouterr().err
    with pytest.raises(ValueError, match="must be paper or paper-small. Received: preset=mine"):
        Two(preset="mine", data="cifar10.npz")


def test_other_flags_over_them(capsys):
    config = config_of("--epochs", 3, *PAPER, "cifar10.npz")
    assert (config.epochs, config.rate) == (3, 0.5)
    assert "Settings of the paper: rate 0.5. By flags: epochs 3." in capsys.readouterr().out
    config_of(*PAPER, "cifar10.npz", "--validation-fraction", 0.1, "--seed", 3)
    assert "epochs 500, rate 0.5. By flags: validation_fraction 0.1. Not" in capsys.readouterr().out


def test_it_is_kept_with_the_settings():
    config = config_of(*PAPER, "cifar10.npz", "--epochs", 3)
    assert config.preset == "paper" and config_of("--epochs", 3).preset is None
    command = command_of("recipe", config)
    assert "--preset paper" in command and "--epochs 3" in command and "--rate" not in command
    words = command.split()
    assert config_of(*words[words.index("--data") :]) == config
    with pytest.raises(ValueError, match="for cifar10 or mnist.*data=x.npz"):
        Config(preset="paper", data="x.npz")
    with pytest.raises(ValueError, match="`preset` is not for this recipe"):
        TrainingConfig(preset="paper", data="cifar10.npz")


@pytest.mark.parametrize("more", [{}, {"epochs": 3}, {"rate": 0.1, "batch_size": 64}])
def test_settings_that_were_not_taken_are_not_called_the_papers(more):
    with pytest.raises(ValueError, match="none is the paper's.*'epochs': 500.*data=cifar10.npz"):
        Config(preset="paper", data="cifar10.npz", **more)
    given = {**Config.PRESETS["cifar10"], **more, "rate": 0.5}
    config = Config(preset="paper", data="cifar10.npz", **given)
    assert "Settings of the paper:" in preset_sentence(config) and "rate 0.5" in preset_sentence(
        config
    )


def test_a_command_says_none_by_leaving_the_preset_out():
    assert "--preset paper" in command_of("recipe", config_of(*PAPER, "mnist.npz"))
    config = Config(preset="paper", data="mnist.npz", rate=0.25, parts=None)
    words = command_of("recipe", config).split()
    assert "None" not in words and "paper" not in words
    again = config_of(*words[words.index("--data") :])
    assert again == dataclasses.replace(config, preset=None)


def test_another_run_with_its_settings_is_not_the_papers(tmp_path):
    config = config_of(*PAPER, "cifar10.npz")
    content = json.dumps({"config": dataclasses.asdict(config)})
    (tmp_path / "metrics.json").write_text(content)
    again = config_of("--config", tmp_path, "--data", "photos.npz")
    assert again.preset is None and (again.epochs, again.rate) == (500, 0.5)


def test_the_help_comes_whatever_the_data(capsys):
    assert config_of("--preset", "paper", "--help") == 0
    assert "--preset" in capsys.readouterr().out


@pytest.mark.parametrize(
    "data", ["cifar100.npz", "fashion_mnist_sample", "my_cifar10.npz", "tfds:cifar10_1", None]
)
def test_other_images_are_one_line_that_says_which_there_are(data, capsys):
    arguments = [*PAPER, data] if data else ["--preset=paper"]
    assert config_of(*arguments) == 2
    error = capsys.readouterr().err
    assert "for cifar10 or mnist" in error and (data or "fashion_mnist_sample") in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("more", [("--scale-rate",), ("--config", "there")])
def test_what_would_change_other_settings_is_refused(more, tmp_path, capsys):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "metrics.json").write_text('{"config": {}}')
    more = [str(tmp_path / one) if one == "there" else one for one in more]
    assert config_of(*PAPER, "cifar10.npz", "--batch-size", 64, *more) == 2
    assert "does not go with" in capsys.readouterr().err


def test_a_recipe_without_presets_does_not_have_the_flag(capsys):
    assert config_from(TrainingConfig, *PAPER, "cifar10.npz") == 2
    assert "--preset" in capsys.readouterr().err
