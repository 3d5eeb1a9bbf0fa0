"""Flags from a dataclass, and exit statuses."""

import dataclasses
import subprocess
import sys
import warnings

import pytest
import tensorflow as tf

from kerasrecipes import experiment
from kerasrecipes.flags.command_line import make_parser


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(experiment.TrainingConfig):
    rate: float = experiment.flag(0.5, "share dropped, 50% at most", "[0, 0.5]")
    width: int | None = experiment.flag(None, "filters", "[1, inf)")
    bias: bool = experiment.flag(True, "whether there is a bias")


def parse(*flags):
    return Config(**vars(make_parser(Config, "text").parse_args(list(flags))))


def test_flags_become_fields_of_their_type():
    config = parse("--rate", "0.25", "--width", "3", "--no-bias", "--batch-size", "7", "--strict")
    assert (config.rate, config.width, config.bias) == (0.25, 3, False)
    assert config.batch_size == 7 and config.strict
    assert parse() == Config()
    assert parse().width is None


def test_help_names_every_flag_its_range_and_default(capsys):
    with pytest.raises(SystemExit) as exit_info:
        make_parser(Config, "text").parse_args(["--help"])
    assert exit_info.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    for field in dataclasses.fields(Config):
        if field.name == "preset":  # of recipes with settings of a paper
            assert "--preset" not in text
            continue
        assert field.name.replace("_", "-") in text
        sentence, _, default = field.metadata["help"].partition(" (default: ")
        assert " ".join(sentence.split()) in text and default in text
        assert field.metadata["interval"] is None or f"(in {field.metadata['interval']}" in text
    assert "50% at most (in [0, 0.5]; default: 0.5)" in text
    assert "norm of the gradient (in (0, inf); default: not clipped)" in text
    assert "filters (in [1, inf))" in text
    assert "--jit {auto,on,off}" in text


@pytest.mark.parametrize(
    "changes, error, match",
    [
        ({"rate": 0.6}, ValueError, r"`rate` must be in \[0, 0.5\]. Received: rate=0.6"),
        ({"width": 0}, ValueError, "`width`"),
        ({"width": 1.5}, TypeError, "`width`"),
        ({"bias": 1}, TypeError, "`bias`"),
        ({"jit": "maybe"}, ValueError, "`jit` must be one of"),
        ({"resume": True}, ValueError, "`output`"),
        ({"seed": -1}, ValueError, "`seed`"),
        ({"accumulation_steps": 0}, ValueError, "`accumulation_steps`"),
        ({"clip_norm": 0.0}, ValueError, "`clip_norm`"),
    ],
)
def test_fields_are_checked(changes, error, match):
    with pytest.raises(error, match=match):
        Config(**changes)


def test_optimizer_options():
    options = Config(clip_norm=2.0, accumulation_steps=4).optimizer_options()
    assert options == {"global_clipnorm": 2.0, "gradient_accumulation_steps": 4}
    assert Config().optimizer_options()["gradient_accumulation_steps"] is None


def status(main, *flags):
    with pytest.raises(SystemExit) as exit_info:
        experiment.command_line(main, Config, list(flags))
    return exit_info.value.code


def test_an_error_in_main_does_not_send_to_the_flags(capsys):
    assert status(_raised(ValueError("Argument `data` must be a folder."))) == 2
    assert "--help" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "typed, meant",
    [
        (["--batchsize", "3"], "--batch-size"),
        (["--batch_size=3"], "--batch-size"),
        (["-epochs", "3"], "--epochs"),
        (["--bs", "3"], "--batch-size"),
        (["--crop", "pad"], None),
        (["--nothing-like-it"], None),
        (["extra"], None),
    ],
)
def test_a_mistyped_flag_names_the_one_that_was_meant(typed, meant, capsys):
    assert status(lambda config: {}, *typed) == 2
    error = capsys.readouterr().err
    assert f"did you mean '{meant}'?" in error if meant else "did you mean" not in error
    assert error.count("\n") == 1 and "--help" in error


def test_a_mistyped_choice_names_the_one_that_was_meant(capsys):
    assert status(lambda config: {}, "--jit", "of") == 2
    assert "did you mean 'off'? Received: jit='of'" in capsys.readouterr().err


def test_a_warning_is_one_line_without_source_code():
    shown, usual = [], warnings.formatwarning

    def main(config):
        shown.append(warnings.formatwarning("of two\nlines", UserWarning, __file__, 1, "source"))
        return {}

    assert status(main) == 0
    assert shown[0].endswith(": warning: of two lines\n") and shown[0].count("\n") == 1
    assert warnings.formatwarning is usual


def test_exit_statuses(capsys):
    assert status(lambda config: {}) == 0
    assert status(lambda config: {"interrupted": True}) == 130
    assert status(lambda config: {}, "--nothing") == 2

    def raises(error):
        def main(config):
            raise error

        return main

    capsys.readouterr()
    assert status(raises(ValueError("two\nlines")), "--rate", "0.1") == 2
    error = capsys.readouterr().err
    assert "two lines" in error and error.count("\n") == 1
    assert status(raises(KeyboardInterrupt())) == 130


def test_a_bug_elsewhere_keeps_its_traceback():
    with pytest.raises(ValueError, match="Invalid literal"):
        experiment.command_line(lambda config: dataclasses.replace(config) and _deep(), Config, [])


def _deep():
    import fractions

    return fractions.Fraction("nonsense")


def test_a_finished_run_and_a_diverged_one(capsys):
    def finished(config):
        raise experiment.RunFinished("runs/x", {})

    assert status(finished) == 0
    assert "runs/x holds a finished run" in capsys.readouterr().out
    assert status(lambda config: {"diverged": "at step 1"}) == 3


# As TensorFlow words an error of a file within `fit`.
CHANGED = """Graph execution error:

Detected at node Assert/Assert defined at (most recent call last):
<stack traces unavailable>
Error in user-defined function passed to ParallelMapDatasetV2:27 transformation with iterator: \
Iterator::Root::Prefetch::ParallelMapV2: assertion failed: [This file has changed:] [a/b.jpg]
\t [[{{node Assert/Assert}}]]
\t [[IteratorGetNext]] [Op:__inference_multi_step_on_iterator_18825]"""
CHANGED_BRIEF = "[This file has changed:] [a/b.jpg]"


def test_other_errors_of_a_graph_keep_their_traceback():
    with pytest.raises(tf.errors.InvalidArgumentError):
        status(_raised(tf.errors.InvalidArgumentError(None, None, "Incompatible shapes")))


def _raised(error):
    def main(config):
        raise error

    return main


@pytest.mark.parametrize(
    "error, words",
    [
        (OverflowError("int too large"), "int too large"),
        (MemoryError("no room"), "Out of memory: lower --batch-size (128). no room"),
        (
            RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 9 bytes."),
            "lower --batch-size",
        ),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: 9 bytes"), "lower --batch-size"),
        (tf.errors.NotFoundError(None, None, "a.jpg; No such file"), "a.jpg"),
        (tf.errors.ResourceExhaustedError(None, None, "OOM"), "lower --batch-size (128). OOM"),
        (tf.errors.InvalidArgumentError(None, None, CHANGED), f"error: {CHANGED_BRIEF}\n"),
        (ValueError("photo \x1b[2J\n.jpg"), r"photo \x1b[2J .jpg"),
    ],
)
def test_errors_of_the_machine_are_one_line(error, words, capsys):
    assert status(_raised(error)) == 2
    text = capsys.readouterr().err
    assert words in text and text.count("\n") == 1 and "\x1b" not in text
    assert "--help" not in text


@pytest.mark.parametrize(
    "flags", [["--batch-size", "99999999999999999999"], ["--epochs", "9" * 20], ["--output", ""]]
)
def test_values_beyond_sense_are_one_line(flags, capsys):
    assert status(lambda config: {}, *flags) == 2
    text = capsys.readouterr().err
    assert text.count("\n") == 1 and "Received: " in text and "--help lists the flags" in text


PIPED = """
from kerasrecipes import experiment

def main(config):
    for number in range(10**5):
        print("a line", number, flush=True)
    return {}

experiment.command_line(main, experiment.TrainingConfig, [])
"""


@pytest.mark.slow
def test_a_reader_that_goes_away_ends_it_quietly():
    process = subprocess.Popen(
        [sys.executable, "-c", PIPED], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "a line 0\n"
    process.stdout.close()
    assert process.wait(120) == 141
    assert process.stderr.read() == ""
