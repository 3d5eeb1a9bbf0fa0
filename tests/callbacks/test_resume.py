import contextlib
import functools
import itertools
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import warnings

import keras
import ml_dtypes
import numpy as np
import pytest

from kerasrecipes.callbacks import BestSnapshot, Resume, _state_file
from kerasrecipes.optimizers import LayerwiseLearningRates
from tests.callbacks import run_with_resume
from tests.callbacks.small_fit import (
    BATCH,
    STEPS,
    VALIDATION,
    Act,
    Kill,
    KillAt,
    X,
    Y,
    assert_same,
    fit,
    small_model,
    values,
)  # fmt: skip

ON_TORCH = keras.backend.backend() == "torch"
SCRIPT = pathlib.Path(run_with_resume.__file__)


CASES = [(1, None, 4), (1, 3, 4), (8, None, 8)]


@pytest.mark.parametrize("size, accumulation, every_steps", CASES)
@pytest.mark.slow
def test_killed_inside_epochs_ends_as_if_it_had_not_been(size, accumulation, every_steps, tmp_path):
    if ON_TORCH and size > 1:
        pytest.skip("PyTorch has one step an execution")
    whole, weights = run_with_resume.train(tmp_path / "whole", size, accumulation)
    counts = []
    for kill_at in (7 // size + 1, 29 // size, 1000):
        counter = KillAt(kill_at)
        with contextlib.suppress(Kill):
            history, resumed = run_with_resume.train(
                tmp_path / "killed", size, accumulation, [counter], every_steps=every_steps
            )
        counts.append(counter.steps * size)
    assert history.history == whole.history
    assert history.epoch == whole.epoch
    assert_same(resumed, weights)
    assert sum(counts) <= run_with_resume.EPOCHS * run_with_resume.STEPS + 2 * every_steps


def start(folder, *options, environment=()):
    command = [sys.executable, str(SCRIPT), str(folder), *map(str, options)]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        cwd=SCRIPT.parents[2],
        env={**os.environ, **dict(environment), "PYTHONPATH": str(SCRIPT.parents[2])},
    )


def steps_of(output):
    return [int(line.split()[1]) for line in output.splitlines() if line.startswith("step")]


def finish(folder):
    """Let the run end; return the bytes of its result and the steps that it printed."""
    output, _ = start(folder).communicate()
    assert output.endswith("done\n")
    return result(folder), steps_of(output)


def result(folder):
    with np.load(folder / "result.npz") as arrays:
        return [*arrays.values(), (folder / "history.json").read_bytes()]


def kill_after(folder, steps, delay):
    """SIGKILL the run `delay` seconds after it has printed `steps` steps; return its output."""
    process = start(folder)
    lines = []
    for line in process.stdout:
        lines.append(line)
        if len(lines) > steps:
            break
    time.sleep(delay)
    process.kill()
    lines += process.communicate()[0].splitlines(keepends=True)
    return "".join(lines)


def kill_in_write(folder, moment, number):
    """Let the run SIGKILL itself inside the write of a state; return its output.

    A run that was near its end has ended before it writes that often.
    """
    process = start(folder, environment={"KILL_IN": moment, "KILL_AT": str(number)}.items())
    output, _ = process.communicate()
    ended = process.returncode == 0 and output.endswith("done\n")
    assert ended or process.returncode == -signal.SIGKILL
    return output


def check_kills(folder, kills):
    """Kill one run again and again, let it end, and compare with one that was left alone."""
    history, weights = run_with_resume.train(folder / "whole")
    killed = folder / "killed"
    done = []
    for kill in kills:
        done.append(steps_of(kill(killed)))
    ended, last = finish(killed)
    assert_same(ended[:-1], weights)
    assert json.loads(ended[-1]) == [history.epoch, history.history]
    starts = [part[0] for part in [*done, last] if part]
    assert starts == sorted(starts)
    return starts


@pytest.mark.slow
def test_process_killed_in_training_and_in_two_writes(tmp_path):
    starts = check_kills(
        tmp_path,
        [
            lambda folder: kill_after(folder, 20, 0.01),
            lambda folder: kill_in_write(folder, "fsync", 5),
        ],
    )
    assert starts[-1] > 0


@pytest.mark.soak
@pytest.mark.parametrize("run", range(10))
def test_process_killed_ten_times(run, tmp_path):
    random = np.random.default_rng(run)
    kills = []
    for _ in range(7):
        steps, delay = int(random.integers(0, 12)), float(random.uniform(0, 0.05))
        kills.append(lambda folder, s=steps, d=delay: kill_after(folder, s, d))
    for moment in ("fsync", "replace", "write"):
        number = int(random.integers(2, 5))
        kills.append(lambda folder, m=moment, n=number: kill_in_write(folder, m, n))
    check_kills(tmp_path, [kills[i] for i in random.permutation(len(kills))])


def train_without_seed(epochs, *callbacks, shuffle=False, start_step=None):
    """Train on arrays, or on batches that go on from a step."""
    keras.utils.set_random_seed(1)
    layers = [keras.layers.Dropout(0.3), keras.layers.Dense(3, activation="softmax")]
    model = keras.Sequential([keras.Input((4,)), *layers])
    model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
    data, options = [X, Y, BATCH], {}
    if start_step is not None:
        places = (slice(BATCH * (s % STEPS), None) for s in itertools.count(start_step))
        batches = ((X[place][:BATCH], Y[place][:BATCH]) for place in places)
        data, options = [batches, None, None], {"steps_per_epoch": STEPS}
    options |= {"shuffle": shuffle, "validation_data": VALIDATION, "verbose": 0}
    model.fit(*data, epochs, callbacks=callbacks, **options)
    return model


def terminate_at_the_begin_of_an_epoch():
    return keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda *_: signal.raise_signal(signal.SIGTERM)
    )


@pytest.mark.filterwarnings("ignore:.every_steps")
class TestFiles:
    def train(self, folder, epochs=3, **options):
        model = small_model(run_eagerly=True)
        history = fit(model, epochs, [Resume(folder, every_steps=STEPS, **options)])
        return model, history

    @pytest.mark.traced
    def test_as_many_as_asked_are_kept(self, tmp_path):
        self.train(tmp_path, keep=3)
        assert sorted(os.listdir(tmp_path)) == [f"state-0000000{i}.bin" for i in (2, 3, 4)]

    @pytest.mark.parametrize("damage", ["truncated", "flipped", "empty"])
    @pytest.mark.traced
    def test_damaged_file_is_named_and_the_one_before_is_used(self, damage, tmp_path):
        model, history = self.train(tmp_path)
        path = tmp_path / "state-00000004.bin"
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        cut = {"truncated": len(content) // 3, "flipped": len(content), "empty": 0}[damage]
        path.write_bytes(content[:cut])
        with pytest.warns(UserWarning, match="state-00000004.bin"):
            again, resumed = self.train(tmp_path)
        assert resumed.history == history.history
        assert_same(values(again.variables), values(model.variables))

    @pytest.mark.traced
    def test_all_damaged_is_an_error(self, tmp_path):
        self.train(tmp_path)
        for path in tmp_path.iterdir():
            path.write_bytes(b"nothing")
        with (
            pytest.warns(UserWarning, match="not a kerasrecipes state"),
            pytest.raises(ValueError, match="`directory`"),
        ):
            _ = Resume(tmp_path).epoch

    def test_newer_format_is_named(self, tmp_path):
        path = tmp_path / "file"
        _state_file.write(path, {})
        path.write_bytes(path.read_bytes().replace(b"state 1\n", b"state 9\n"))
        with pytest.raises(_state_file.BadStateFile, match="version 9"):
            _state_file.read(path)

    @pytest.mark.traced
    def test_full_disk_costs_a_warning_and_no_state(self, tmp_path, monkeypatch):
        self.train(tmp_path, epochs=1)
        before = sorted(os.listdir(tmp_path))
        plain = small_model(run_eagerly=True)
        fit(plain, 3)

        def full(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.warns(UserWarning, match="state-00000003.bin.*No space left"):
            model, _ = self.train(tmp_path)
        assert sorted(os.listdir(tmp_path)) == before
        assert_same(values(model.variables), values(plain.variables))

    @pytest.mark.traced
    def test_finished_run_trains_no_more_and_changes_nothing(self, tmp_path):
        model, history = self.train(tmp_path)
        before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
        assert Resume(tmp_path).finished
        again, resumed = self.train(tmp_path)
        assert resumed.history == history.history
        assert resumed.epoch == history.epoch
        assert_same(values(again.variables), values(model.variables))
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before

    @pytest.mark.traced
    def test_more_epochs_go_on(self, tmp_path):
        self.train(tmp_path, epochs=2)
        model, history = self.train(tmp_path, epochs=3)
        whole = small_model(run_eagerly=True)
        assert history.history == fit(whole, 3).history
        assert_same(values(model.variables), values(whole.variables))

    @pytest.mark.parametrize("shuffle", [False, True])
    @pytest.mark.parametrize("cut", [None, 0, 2], ids=["between epochs", "first step", "inside"])
    @pytest.mark.traced
    def test_draws_without_a_seed_go_on(self, cut, shuffle, tmp_path):
        """PyTorch draws them, and a number as each epoch begins, from one generator."""
        if shuffle and not ON_TORCH:
            pytest.skip("only PyTorch shuffles arrays by a generator that can be set")

        def train(epochs, *callbacks):
            return train_without_seed(epochs, *callbacks, shuffle=shuffle)

        with contextlib.suppress(Kill):
            kill = [] if cut is None else [KillAt(STEPS + cut + 1)]
            train(1 if cut is None else 3, Resume(tmp_path, every_steps=1), *kill)
        resumed, whole = train(3, Resume(tmp_path)), train(3)
        assert_same(values(resumed.variables), values(whole.variables))

    @pytest.mark.parametrize("cut", [0, 2], ids=["first step", "inside"])
    @pytest.mark.slow
    def test_signal_before_the_first_step_of_a_resumed_run(self, cut, tmp_path):
        """The state that it writes holds the draws of the one before."""

        def train(*callbacks):
            resume = Resume(tmp_path, every_steps=1)
            return train_without_seed(3, resume, *callbacks, start_step=resume.step)

        with pytest.raises(Kill):
            train(KillAt(STEPS + cut + 1))
        with pytest.raises(SystemExit):
            train(terminate_at_the_begin_of_an_epoch())
        resumed, whole = train(), train_without_seed(3, start_step=0)
        assert_same(values(resumed.variables), values(whole.variables))

    OTHERS = [
        ({"dropout": 0.3}, r"config\.rate: 0\.1 in the state, 0\.3 here"),
        ({"optimizer": keras.optimizers.SGD(0.1, momentum=0.9)}, "learning_rate: 0.5 in the"),
        ({"optimizer": keras.optimizers.Adam(0.5)}, "'SGD' in the state, 'Adam' here"),
        ({"loss": keras.losses.SparseCategoricalCrossentropy()}, "from_logits: True in the"),
    ]

    @pytest.mark.parametrize("options, message", OTHERS, ids=lambda value: str(value)[:20])
    def test_state_of_another_configuration_says_what_differs(self, options, message, tmp_path):
        self.train(tmp_path, epochs=1)
        counter = KillAt(0)
        with pytest.raises(ValueError, match=message):
            fit(small_model(run_eagerly=True, **options), 2, [Resume(tmp_path), counter])
        assert counter.steps == 0

    def test_state_of_another_model_says_what_differs(self, tmp_path):
        self.train(tmp_path, epochs=1)
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(5)])
        model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
        with pytest.raises(ValueError, match=r"model/0 shape: \(4, 3\) in the state, \(4, 5\)"):
            fit(model, 2, [Resume(tmp_path)])

    def test_state_from_inside_an_epoch_needs_data_that_go_on(self, tmp_path):
        def train(read_step):
            resume = Resume(tmp_path, every_steps=1)
            if read_step:
                _ = resume.step
            fit(small_model(run_eagerly=True), 2, [resume, KillAt(3)])

        with pytest.raises(Kill):
            train(True)
        with pytest.raises(ValueError, match="start_step=resume.step"):
            train(False)


def test_data_that_begin_anew_are_said_to_have_states_between_epochs_only(tmp_path):
    with pytest.warns(UserWarning, match="every_steps=2"):
        fit(small_model(run_eagerly=True), 1, [Resume(tmp_path, every_steps=2)])


def test_every_kind_of_value_survives_the_file(tmp_path):
    state = {
        "float32": np.float32([[1.5, np.nan]]),
        "bfloat16": np.array([1.5, -2], ml_dtypes.bfloat16),
        "float16": np.float16(3),
        "scalar": np.array(7, "int64"),
        "empty": np.zeros((0, 3), "uint8"),
        "flag": np.array([True, False]),
        "number": 0.1,
        "text": "ä",
        "none": None,
    }
    _state_file.write(tmp_path / "file", state)
    loaded = _state_file.read(tmp_path / "file")
    assert loaded.keys() == state.keys()
    for name, value in state.items():
        np.testing.assert_array_equal(loaded[name], value)
        if isinstance(value, np.ndarray):
            assert loaded[name].dtype == value.dtype
            assert loaded[name].shape == value.shape


def test_gradients_that_are_left_over_are_reported(tmp_path):
    optimizer = keras.optimizers.SGD(0.1, gradient_accumulation_steps=3)
    with pytest.warns(UserWarning, match="last 2 batches"):
        fit(small_model(optimizer=optimizer, run_eagerly=True), 1, [Resume(tmp_path)])


BAD = [
    ({"directory": 3}, TypeError),
    ({"directory": "states", "every_steps": 0}, ValueError),
    ({"directory": "states", "every_steps": 1.5}, TypeError),
    ({"directory": "states", "keep": 0}, ValueError),
    ({"directory": "states", "allow": 3}, TypeError),
    ({"directory": "states", "allow": "patience"}, TypeError),
]


@pytest.mark.parametrize("options, error", BAD, ids=str)
def test_bad_input(options, error):
    with pytest.raises(error, match=f"`{list(options)[-1]}`.*Received"):
        Resume(**options)


def test_unwritable_folder_is_an_error_before_the_first_step(tmp_path):
    (tmp_path / "file").write_text("")
    counter = KillAt(0)
    with pytest.raises(ValueError, match="`directory`.*Received"):
        fit(small_model(), 1, [Resume(tmp_path / "file" / "states"), counter])
    assert counter.steps == 0


@pytest.mark.filterwarnings("ignore:.every_steps")
class TestWhatMayDiffer:
    """A state goes on where the result is the same, and is refused where it is not."""

    def go_on(self, folder, first, second, **options):
        """Train an epoch with `first()`, then go on for another with `second()`."""
        for make, epochs in ((first, 1), (second, 2)):
            model, callbacks = make()
            resume = Resume(folder, every_steps=STEPS, **(options if epochs == 2 else {}))
            fit(model, epochs, [*callbacks, resume])
        return model

    @staticmethod
    def augmented(make_layer=None, callbacks=()):
        def make():
            keras.utils.set_random_seed(1)
            layers = [make_layer()] if make_layer else []
            model = keras.Sequential([keras.Input((4,)), *layers, keras.layers.Dense(3)])
            loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            model.compile("sgd", loss, jit_compile=False)
            return model, [callback() for callback in callbacks]

        return make

    @pytest.mark.traced
    def test_seed_that_keras_draws_in_each_process(self, tmp_path):
        def dropout(seed):
            return self.augmented(lambda: keras.layers.Dropout(0.5, seed=seed))

        whole = self.go_on(tmp_path / "1", dropout(5), dropout(5))
        resumed = self.go_on(tmp_path / "2", dropout(5), dropout(6))
        assert_same(values(whole.weights), values(resumed.weights))

    @pytest.mark.traced
    def test_lambda_on_another_line_of_another_file(self, tmp_path):
        def scale(line, factor):
            source = "\n" * line + f"layer = keras.layers.Lambda(lambda x: x * {factor})"
            names = {"keras": keras}
            exec(compile(source, f"file{line}.py", "exec"), names)
            return self.augmented(lambda: names["layer"])

        self.go_on(tmp_path / "1", scale(1, 2), scale(7, 2))
        with pytest.raises(ValueError, match="lambda"):
            self.go_on(tmp_path / "2", scale(1, 2), scale(1, 3))

    def test_paths_that_moved(self, tmp_path):
        def snapshots(name):
            make = functools.partial(
                BestSnapshot, "loss", filepath=str(tmp_path / name / "best.keras")
            )
            return self.augmented(callbacks=[make])

        self.go_on(tmp_path / "state", snapshots("a"), snapshots("b"))

    PATIENCE = [{"patience": 3}, {"patience": 4}]

    @pytest.mark.traced
    def test_another_patience_must_be_allowed(self, tmp_path):
        first, second = (
            self.augmented(callbacks=[functools.partial(BestSnapshot, "loss", **options)])
            for options in self.PATIENCE
        )
        with pytest.raises(ValueError, match=r"patience: 3 .*4 here[^$]*allow=\('patience',\)"):
            self.go_on(tmp_path / "1", first, second)
        self.go_on(tmp_path / "2", first, second, allow=("patience",))

    @pytest.mark.traced
    def test_callbacks_that_come_and_go_must_be_allowed(self, tmp_path):
        less, more = self.augmented(), self.augmented(callbacks=[lambda: BestSnapshot("loss")])
        for number, (first, second) in enumerate([(less, more), (more, less)]):
            with pytest.raises(ValueError, match=r"allow=\('BestSnapshot',\)"):
                self.go_on(tmp_path / f"{number}", first, second)
            self.go_on(tmp_path / f"{number} allowed", first, second, allow=("BestSnapshot",))

    def test_variables_of_other_shapes_are_never_allowed(self, tmp_path):
        def wide(units):
            def make():
                layers = [keras.Input((4,)), keras.layers.Dense(units), keras.layers.Dense(3)]
                model = keras.Sequential(layers)
                loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
                model.compile("sgd", loss, run_eagerly=True)
                return model, []

            return make

        for number, allow in enumerate([(), ("shape", "units")]):
            with pytest.raises(ValueError, match=r"delete that folder") as caught:
                self.go_on(tmp_path / f"{number}", wide(5), wide(6), allow=allow)
            assert "name what may" not in str(caught.value)

    @pytest.mark.traced
    def test_rate_that_is_allowed_to_differ_is_the_new_one(self, tmp_path):
        def at(rate):
            def make():
                return small_model(optimizer=keras.optimizers.SGD(rate), run_eagerly=True), []

            return make

        with pytest.raises(ValueError, match=r"allow=\('learning_rate',\)"):
            self.go_on(tmp_path / "1", at(0.5), at(0.25))
        model = self.go_on(tmp_path / "2", at(0.5), at(0.25), allow=("learning_rate",))
        assert float(model.optimizer.learning_rate) == 0.25

    def test_other_versions_cost_a_warning(self, tmp_path, monkeypatch):
        make = self.augmented()
        monkeypatch.setattr(keras, "version", lambda: "3.0.0")
        fit(make()[0], 1, [Resume(tmp_path)])
        monkeypatch.undo()
        with pytest.warns(UserWarning, match=r"version of keras: 3.0.0 in the state"):
            fit(make()[0], 2, [Resume(tmp_path)])

    DATA = [
        ((X, Y, BATCH), (X + 1, Y, BATCH), r"data x: float32 \(20, 4\) \w+ in the state"),
        ((X, Y, BATCH), (X, (Y + 1) % 3, BATCH), "data y"),
        ((X, Y, BATCH), (X[::2], Y[::2], BATCH // 2), r"\(20, 4\).*in the state.*\(10, 4\)"),
    ]

    @pytest.mark.parametrize("first, second, message", DATA, ids=["x", "y", "half"])
    def test_other_data_are_refused(self, first, second, message, tmp_path):
        for x, y, size in (first, first):
            model = small_model(run_eagerly=True)
            model.fit(x, y, size, epochs=1, verbose=0, callbacks=[Resume(tmp_path)])
        x, y, size = second
        with pytest.raises(ValueError, match=message):
            small_model().fit(x, y, size, epochs=2, verbose=0, callbacks=[Resume(tmp_path)])

    @pytest.mark.traced
    def test_data_that_the_user_identifies(self, tmp_path):
        for data in ({"files": ["a.png", "b.png"]}, {"files": ["a.png", "b.png"]}):
            fit(small_model(run_eagerly=True), 1, [Resume(tmp_path, data=data)])
        data = {"files": ["a.png", "c.png"]}
        with pytest.raises(ValueError, match="data files: 2 values"):
            fit(small_model(), 2, [Resume(tmp_path, data=data)])


@pytest.mark.filterwarnings("ignore:.every_steps")
class TestFaultsOfTheDisk:
    @pytest.mark.traced
    def test_folder_that_is_deleted_is_made_again(self, tmp_path):
        folder = tmp_path / "state"
        act = Act(1, lambda: shutil.rmtree(folder))
        model = small_model(run_eagerly=True)
        fit(model, 3, [act, Resume(folder, every_steps=STEPS)])
        assert Resume(folder).finished
        assert_same(values(model.variables), values(trained_for(3).variables))

    @pytest.mark.parametrize("kind", ["folder", "dangling link", "unreadable"])
    @pytest.mark.traced
    def test_something_else_under_the_newest_name_does_not_block_the_state_before(
        self, kind, tmp_path, monkeypatch
    ):
        fit(small_model(run_eagerly=True), 1, [Resume(tmp_path)])
        path = tmp_path / "state-00000099.bin"
        if kind == "folder":
            path.mkdir()
        elif kind == "dangling link":
            path.symlink_to(tmp_path / "nowhere")
        else:
            path.write_bytes(b"")
            read = _state_file.read

            def fail(name):
                if "99" in str(name):
                    raise OSError(5, "Input/output error")
                return read(name)

            monkeypatch.setattr(_state_file, "read", fail)
        model = small_model(run_eagerly=True)
        with pytest.warns(UserWarning, match="Resume does not use .*99.bin"):
            history = fit(model, 2, [Resume(tmp_path, every_steps=STEPS)])
        assert history.epoch == [0, 1]
        assert_same(values(model.variables), values(trained_for(2).variables))
        monkeypatch.undo()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert Resume(tmp_path).finished


def trained_for(epochs):
    model = small_model(run_eagerly=True)
    fit(model, epochs)
    return model


@pytest.mark.slow
def test_second_process_in_one_folder_is_refused_before_its_first_step(tmp_path):
    code = (
        "import sys; from kerasrecipes._folder_lock import FolderLock\n"
        "FolderLock(sys.argv[1]).acquire(); print('held', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=SCRIPT.parents[2],
    )  # fmt: skip
    assert process.stdout.readline() == "held\n"
    counter = KillAt(0)
    with pytest.raises(ValueError, match=f"in use by process {process.pid} on .*Received"):
        fit(small_model(), 1, [Resume(tmp_path), counter])
    process.communicate()
    fit(small_model(), 1, [Resume(tmp_path)])
    assert ".lock" not in os.listdir(tmp_path)


@pytest.mark.traced
def test_run_that_goes_on_or_is_finished_says_so(tmp_path, capsys):
    for epochs in (1, 2, 2):
        fit(small_model(run_eagerly=True), epochs, [Resume(tmp_path)])
    assert capsys.readouterr().out == (
        f"The run in {tmp_path} resumes at epoch 2.\n"
        f"The run in {tmp_path} is finished: nothing is trained.\n"
    )


@pytest.mark.filterwarnings("ignore:.every_steps")
@pytest.mark.parametrize("wrap", [keras.optimizers.LossScaleOptimizer, LayerwiseLearningRates])
@pytest.mark.traced
def test_wrapped_optimizer_goes_on(wrap, tmp_path):
    def train(folder, kill_at):
        options = {"multipliers": {}} if wrap is LayerwiseLearningRates else {}
        optimizer = wrap(keras.optimizers.Adam(0.1), **options)
        model = small_model(optimizer=optimizer, run_eagerly=True)
        with contextlib.suppress(Kill):
            fit(model, 2, [Resume(folder, every_steps=STEPS), KillAt(kill_at)])
        return values([*model.variables, *model.optimizer.variables])

    whole = train(tmp_path / "whole", 1000)
    train(tmp_path / "cut", STEPS + 2)
    assert_same(train(tmp_path / "cut", 1000), whole)


def test_a_lambda_as_loss_is_told_from_another(tmp_path):
    def train(loss):
        fit(small_model(loss=loss, metrics=None), 1, [Resume(tmp_path)])

    train(lambda y, scores: keras.ops.mean(scores**2))
    train(lambda y, scores: keras.ops.mean(scores**2))
    with pytest.raises(ValueError, match="lambda"):
        train(lambda y, scores: keras.ops.mean(scores**4))


class StopAfter(keras.callbacks.Callback):
    """Ends training after so many batches."""

    def __init__(self, batches):
        super().__init__()
        self.left = batches

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        self.model.stop_training = self.left <= 0


@pytest.mark.parametrize(
    "validation, batches, count",
    [
        (None, 1000, 15),
        ((X[:4], Y[:4]), 7, 7),
        pytest.param(None, 7, 7, marks=pytest.mark.slow),
        pytest.param((X[:4], Y[:4]), 1000, 15, marks=pytest.mark.slow),
    ],
    ids=["to the end", "stopped, validation", "stopped", "to the end, validation"],
)
@pytest.mark.traced
def test_a_batch_that_never_comes_is_not_counted(batches, count, validation, tmp_path):
    """Keras asks data of unknown length for one batch more than they have."""
    tf = pytest.importorskip("tensorflow")
    known = tf.data.Dataset.from_tensor_slices((X[:20], Y[:20])).batch(4)
    unknown = known.filter(lambda x, y: True)
    callbacks = [Resume(tmp_path), StopAfter(batches)]
    small_model().fit(unknown, epochs=3, callbacks=callbacks, validation_data=validation, verbose=0)
    assert Resume(tmp_path).step == count
