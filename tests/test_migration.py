"""The table of docs/migration.md: every snippet runs, and what it claims of formulas holds."""

import ast
import pathlib
import re

import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes import schedules

PAGE = pathlib.Path(__file__).parent.parent / "docs" / "migration.md"
RNG = np.random.default_rng(0)
IMAGES = RNG.normal(2, 3, (5, 6, 6, 8)).astype("float32")
VECTORS = RNG.normal(size=(7, 5)).astype("float32")


def rows():
    """Yield (section, what it was, [use now, what differs, snippet]) of each row of the tables."""
    section = None
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            section = line.removeprefix("## ")
        elif line.startswith("| ") and not line.startswith("| Was "):
            was, *rest = line.removeprefix("| ").removesuffix(" |").split(" | ")
            yield section, was, rest


ROWS = {f"{section}: {was}": rest for section, was, rest in rows()}


def run(name):
    """Run the snippet of the row with `name` in it; returns the value of its last line."""
    (row,) = [row for key, row in ROWS.items() if name in key]
    return value_of(row[-1])


def value_of(cell):
    tree = ast.parse(cell.strip("`"))
    last = tree.body.pop()
    names = {}
    exec(compile(tree, "snippet", "exec"), names)
    if isinstance(last, ast.Expr):
        return eval(compile(ast.Expression(last.value), "snippet", "eval"), names)
    return exec(compile(ast.Module([last], []), "snippet", "exec"), names)


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


def test_the_table_has_rows_of_four_cells_and_no_row_twice():
    assert len(ROWS) == len(list(rows())) >= 30
    for key, row in ROWS.items():
        assert len(row) == 3 and re.fullmatch(r"`[^`]+`", row[-1]), key


@pytest.mark.parametrize("key", ROWS)
@pytest.mark.filterwarnings("ignore:`shuffle=True` was passed")
def test_a_snippet_runs_in_an_empty_session(key, tmp_path, monkeypatch):
    if re.search(r"import (augment|data)\b", ROWS[key][-1]):
        pytest.importorskip("tensorflow")
    monkeypatch.chdir(tmp_path)
    value_of(ROWS[key][-1])


def normalized(x, axes, epsilon):
    mean, variance = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    return (x - mean) / np.sqrt(variance + epsilon)


def test_normalization_of_tensorflow_addons():
    x = IMAGES.astype("float64") / 30  # small, so that epsilon counts
    grouped = normalized(x.reshape(5, 6, 6, 4, 2), (1, 2, 4), 1e-3).reshape(x.shape)
    layer = run("`tfa.layers.GroupNormalization`")
    np.testing.assert_allclose(numpy(layer(x.astype("float32"))), grouped, atol=1e-5)
    assert (
        abs(grouped - normalized(x.reshape(5, 6, 6, 4, 2), (1, 2, 4), 1e-5).reshape(x.shape)).max()
        > 1e-2
    )
    layer = run("`tfa.layers.InstanceNormalization`")
    np.testing.assert_allclose(
        numpy(layer(x.astype("float32"))), normalized(x, (1, 2), 1e-3), atol=1e-5
    )


def test_group_normalization_of_keras_contrib():
    """With the channels first it is ours; with the channels last its groups are blocks of rows."""
    x = np.moveaxis(IMAGES.astype("float64"), -1, 1)
    old = normalized(x.reshape(5, 4, 2, 6, 6), (2, 3, 4), 1e-5).reshape(x.shape)
    layer = run("`keras_contrib.layers.GroupNormalization`")
    np.testing.assert_allclose(numpy(layer(x.astype("float32"))), old, atol=1e-5)
    ours = np.moveaxis(old, 1, -1)
    rows = normalized(IMAGES.astype("float64").reshape(5, 4, 6, 6, 2), (2, 3, 4), 1e-5)
    assert abs(ours - rows.reshape(IMAGES.shape)).max() > 0.1


def test_instance_normalization_of_keras_contrib():
    x = IMAGES.astype("float64")
    old = (x - x.mean((1, 2), keepdims=True)) / (x.std((1, 2), keepdims=True) + 1e-3)
    layer = run("`keras_contrib.layers.InstanceNormalization")
    ours = numpy(layer(IMAGES))
    np.testing.assert_allclose(ours, normalized(x, (1, 2), 1e-6), atol=1e-5)
    np.testing.assert_allclose(ours, old, rtol=1e-3)  # nearly the same where σ is not small
    assert abs(ours - old).max() > 1e-4


def test_maxout_of_tensorflow_addons():
    layer = run("`tfa.layers.Maxout")
    layer(VECTORS)
    dense = RNG.normal(size=(5, 3 * 2)).astype("float32")
    old = (VECTORS @ dense).reshape(7, 2, 3).max(axis=1)
    layer.set_weights([dense.reshape(5, 2, 3).swapaxes(1, 2), np.zeros((3, 2))])
    np.testing.assert_allclose(numpy(layer(VECTORS)), old, rtol=1e-5, atol=1e-6)


def test_maxout_dense_of_keras_1():
    layer = run("`MaxoutDense")
    layer(VECTORS)
    kernel, bias = RNG.normal(size=(4, 5, 3)), RNG.normal(size=(4, 3))
    old = (np.einsum("nf,pfu->npu", VECTORS, kernel) + bias).max(axis=1)
    layer.set_weights([kernel.transpose(1, 2, 0), bias.T])
    np.testing.assert_allclose(numpy(layer(VECTORS)), old, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "name, rate", [("`tfa.layers.StochasticDepth", 0.2), ("`keras_cv.layers.StochasticDepth", 0.5)]
)
def test_stochastic_depth(name, rate):
    x = VECTORS[:, :4]
    layer = run(name)
    layer(x)
    branch = numpy(layer.branch(x))
    np.testing.assert_allclose(numpy(layer(x)), x + (1 - rate) * branch, rtol=1e-5, atol=1e-6)
    for _ in range(8):
        trained = numpy(layer(x, training=True))
        kept = np.allclose(trained, x + branch, atol=1e-5)
        assert kept or np.allclose(trained, x, atol=1e-5)  # one gate for the batch


def test_drop_path_of_keras_cv():
    dropped = numpy(run("`keras_cv.layers.DropPath")(IMAGES, training=True))
    kept = [np.allclose(one, 2 * x) for one, x in zip(dropped, IMAGES)]
    assert all(keep or not one.any() for keep, one in zip(kept, dropped))


def test_weight_normalization():
    model = run("`tfa.layers.WeightNormalization")
    model.build((None, 5))
    kernel, scale, bias = RNG.normal(size=(5, 3)), np.array([2.0, 0.5, 3.0]), np.arange(3.0)
    kernel /= np.linalg.norm(kernel, axis=0)
    model.set_weights([kernel, scale, bias])
    np.testing.assert_allclose(numpy(model(VECTORS)), VECTORS @ kernel * scale + bias, rtol=1e-4)
    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.fit(VECTORS, np.ones((7, 3)), verbose=0)
    np.testing.assert_allclose(np.linalg.norm(model.get_weights()[0], axis=0), 1, rtol=1e-5)


def fitted(callback, steps=6):
    """A weight trained by steps of 1 on the loss w · x; returns all raw weights and the last."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.set_weights([np.zeros((1, 1))])
    model.compile(keras.optimizers.SGD(1.0), loss=lambda y, prediction: prediction)
    x = RNG.uniform(0.5, 2, (steps, 1)).astype("float32")
    model.fit(x, x, batch_size=1, shuffle=False, verbose=0, callbacks=[callback])
    return -np.cumsum(x), model.get_weights()[0].item()


def test_moving_average_of_tensorflow_addons():
    raw, averaged = fitted(run("`tfa.optimizers.MovingAverage"))
    old = 0.0
    for weight in raw:
        old = 0.99 * old + 0.01 * weight
    assert averaged == pytest.approx(old, rel=1e-5)


def test_stochastic_weight_averaging_of_tensorflow_addons():
    raw, averaged = fitted(run("`tfa.optimizers.SWA"))
    assert averaged == pytest.approx(raw[1::2].mean(), rel=1e-5)


def test_decoupled_weight_decay_of_tensorflow_addons():
    optimizer, weight = run("`tfa.optimizers.AdamW"), keras.Variable([2.0])
    optimizer.apply([ops.zeros(1)], [weight])
    assert numpy(weight).item() == pytest.approx(2.0 - 0.001 * 2.0, rel=1e-6)


def test_focal_loss_of_tensorflow_addons():
    true, p = np.array([[1, 0, 1.0]]), np.array([[0.9, 0.3, 0.2]])
    likely = np.where(true == 1, p, 1 - p)
    old = (np.where(true == 1, 0.25, 0.75) * (1 - likely) ** 2 * -np.log(likely)).sum()
    loss = run("`tfa.losses.SigmoidFocalCrossEntropy")
    assert 3 * float(loss(true, p)) == pytest.approx(old, rel=1e-4)


def test_cyclical_rates():
    rates = schedules.preview(run("`tfa.optimizers.CyclicalLearningRate"), 200)
    np.testing.assert_allclose(rates[[0, 50, 100]], [0.1, (0.1 + 0.001) / 2, 0.1], rtol=1e-5)
    rates = schedules.preview(run("`tfa.optimizers.Triangular2"), 201)
    np.testing.assert_allclose(rates[[0, 100, 200]], [0.1, 0.05, 0.025], rtol=1e-5)


def test_rates_of_keras():
    steps = np.arange(200)
    inverse = schedules.preview(run("`SGD(lr, decay=d)`"), 200)
    np.testing.assert_allclose(inverse, 0.1 / (1 + 0.01 * steps), rtol=1e-5)
    keras_ours = keras.optimizers.schedules.CosineDecayRestarts(0.1, 10)
    ours = schedules.preview(run("`CosineDecayRestarts"), 69)
    np.testing.assert_allclose(ours, schedules.preview(keras_ours, 69), atol=1e-6)
    divided = schedules.preview(run("`LearningRateScheduler`"), 61)
    np.testing.assert_allclose(divided[[29, 30, 59, 60]], [0.1, 0.01, 0.01, 0.001], rtol=1e-5)


def scripted(callback, losses):
    """Fit with these validation losses; returns the rates and the last weight."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.set_weights([np.zeros((1, 1))])
    model.compile(keras.optimizers.SGD(1.0), loss=lambda y, prediction: prediction)
    rates = []

    class Script(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["val_loss"] = losses[epoch]

        def on_train_batch_begin(self, batch, logs=None):
            rates.append(float(numpy(model.optimizer.learning_rate)))

    x = np.ones((1, 1), "float32")
    model.fit(x, x, epochs=len(losses), verbose=0, callbacks=[Script(), callback])
    return rates, model.get_weights()[0].item()


@pytest.mark.parametrize("losses", [(3, 2, 4, 5, 1, 0), (1, 2, 3, 4), (3, 2, 1)])
def test_early_stopping_ends_at_the_same_epoch_with_the_same_weights(losses):
    old = keras.callbacks.EarlyStopping("val_loss", patience=2, restore_best_weights=True)
    rates, weight = scripted(old, losses)
    new_rates, new_weight = scripted(run("`EarlyStopping("), losses)
    assert len(rates) == len(new_rates) and weight == new_weight == -1 - np.argmin(
        losses[: len(rates)]
    )


@pytest.mark.slow
def test_a_plateau_gives_the_same_rates():
    losses = (3, 3, 3, 2, 2, 2)
    old = keras.callbacks.ReduceLROnPlateau("val_loss", factor=0.1, patience=1)
    np.testing.assert_allclose(
        scripted(run("`ReduceLROnPlateau"), losses)[0], scripted(old, losses)[0], rtol=1e-5
    )


def test_whitening_of_the_old_generator():
    images = RNG.normal(5, 2, (40, 2, 2, 2)).astype("float32")
    flat = (images - images.mean(axis=0)).reshape(40, -1).astype("float64")
    u, s, _ = np.linalg.svd(flat.T @ flat / 40)
    layer = run("`ImageDataGenerator(zca_whitening=True)`")
    layer.adapt(images)
    old = flat @ (u / np.sqrt(s + 1e-6)) @ u.T
    np.testing.assert_allclose(numpy(layer(images)).reshape(40, -1), old, atol=2e-3)


def test_mixing_weighs_images_and_labels_alike():
    pytest.importorskip("tensorflow")
    images = np.eye(4, dtype="float32").reshape(4, 2, 2, 1) * 255
    labels, seeds = np.eye(4, dtype="float32"), np.arange(8).reshape(4, 2)
    mixed, soft = run("`keras_cv.layers.MixUp`")(images, labels, seeds)
    np.testing.assert_allclose(np.asarray(mixed).reshape(4, 4) / 255, np.asarray(soft), atol=1e-5)
    for number, row in enumerate(np.asarray(soft)):
        assert set(np.flatnonzero(row)) <= {number, number - 1 if number else 3}


@pytest.mark.slow  # where PyTorch is installed
def test_formulas_of_pytorch():
    torch = pytest.importorskip("torch")
    channels_first = torch.from_numpy(np.moveaxis(IMAGES, -1, 1).copy())
    for name, theirs in (
        ("`torch.nn.GroupNorm", torch.nn.GroupNorm(4, 8)),
        ("`torch.nn.InstanceNorm2d", torch.nn.InstanceNorm2d(8)),
    ):
        expected = np.moveaxis(theirs(channels_first).detach().numpy(), 1, -1)
        np.testing.assert_allclose(numpy(run(name)(IMAGES)), expected, atol=1e-5)
    labels = np.arange(7) % 5
    theirs = torch.nn.MultiMarginLoss()(torch.from_numpy(VECTORS), torch.from_numpy(labels))
    found = float(run("`torch.nn.MultiMarginLoss")(labels, VECTORS))
    np.testing.assert_allclose(found, 5 * float(theirs), rtol=1e-5)


@pytest.mark.slow
def test_rates_of_pytorch():
    torch = pytest.importorskip("torch")
    pairs = [
        ("`CosineAnnealingWarmRestarts", "CosineAnnealingWarmRestarts", {"T_0": 10, "T_mult": 2}),
        ("`OneCycleLR", "OneCycleLR", {"max_lr": 0.1, "total_steps": 100}),
    ]
    for name, kind, arguments in pairs:
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
        scheduler = getattr(torch.optim.lr_scheduler, kind)(optimizer, **arguments)
        rates = []
        for _ in range(60):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
        np.testing.assert_allclose(schedules.preview(run(name), 60), rates, rtol=1e-4, atol=1e-8)
