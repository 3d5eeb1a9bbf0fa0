"""resnet: parameter counts of the papers, shapes, variants, every normalisation."""

import keras
import numpy as np
import pytest

from kerasrecipes import layers
from kerasrecipes.models import resnet


def trainable_parameters(model):
    return sum(int(np.prod(v.shape)) for v in model.trainable_variables)


def cifar_parameters(n):
    """Counted from the paper's table: convolutions, two per normalised channel, classifier."""
    total, channels = 3 * 3 * 3 * 16 + 2 * 16, 16
    for filters in (16, 32, 64):
        for _ in range(n):
            total += 9 * channels * filters + 9 * filters * filters + 4 * filters
            channels = filters
    return total + 64 * 10 + 10


@pytest.mark.parametrize("depth", [8, 20, 56])
def test_cifar_networks_have_the_papers_parameters(depth):
    model = resnet(depth, (32, 32, 3), 10)
    assert trainable_parameters(model) == cifar_parameters((depth - 2) // 6)
    assert model.output_shape == (None, 10)
    convolutions = [x for x in model.layers if isinstance(x, keras.layers.Conv2D)]
    assert len(convolutions) == depth - 1


@pytest.mark.parametrize(
    "depth, parameters", [(18, 11_689_512), (34, 21_797_672), (50, 25_557_032), (101, 44_549_160)]
)
@pytest.mark.traced
def test_imagenet_networks_have_the_published_parameters(depth, parameters):
    model = resnet(depth, (224, 224, 3), 1000)
    assert trainable_parameters(model) == parameters
    feature_map = resnet(depth, (None, None, 3), 1000, include_top=False)
    assert feature_map.output_shape[-1] == (512 if depth < 50 else 2048)


@pytest.mark.parametrize(
    "depth, side, variant, stem",
    [(50, 96, None, 16), (50, 97, None, 64), (50, None, None, 64), (50, 224, "cifar", 16),
     (152, 32, "imagenet", 64), (18, 32, None, 64), (20, 224, None, 16)],
)  # fmt: skip
def test_variant_follows_the_depth_then_the_size(depth, side, variant, stem):
    model = resnet(depth, (side, side, 3), 2, variant=variant)
    assert model.get_layer("stem_conv").filters == stem


@pytest.mark.parametrize(
    "normalization, kind",
    [
        ("batch", "BatchNormalization"),
        ("group", "GroupNormalization"),
        ("instance", "InstanceNormalization"),
        ("layer", "GroupNormalization"),
        ("decorrelated", "DecorrelatedBatchNormalization"),
        (lambda name: keras.layers.Identity(name=name), "Identity"),
    ],
)
@pytest.mark.traced
def test_trains_a_step_with_every_normalization(normalization, kind):
    model = resnet(8, (16, 16, 1), 3, normalization=normalization, seed=0)
    assert type(model.get_layer("stage3_block1_2_norm")).__name__ == kind
    model.compile("sgd", "sparse_categorical_crossentropy", jit_compile=False)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(8, 16, 16, 1)).astype("float32"), rng.integers(0, 3, 8)
    assert np.isfinite(model.train_on_batch(x, y))
    np.testing.assert_allclose(model.predict(x, verbose=0).sum(axis=1), 1, atol=1e-5)


def test_the_first_block_computes_the_papers_formula():
    model = resnet(8, (8, 8, 3), 2, seed=0)
    x = np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype("float32")
    stem = keras.Model(model.input, model.get_layer("stem_relu").output)(x)
    branch = stem
    for name in ("1_conv", "1_norm", "1_relu", "2_conv", "2_norm"):
        branch = model.get_layer(f"stage1_block1_{name}")(branch)
    expected = keras.ops.relu(stem + branch)
    block = keras.Model(model.input, model.get_layer("stage1_block1_relu").output)(x)
    to_numpy = keras.ops.convert_to_numpy
    np.testing.assert_allclose(to_numpy(block), to_numpy(expected), rtol=1e-5, atol=1e-6)


def test_shortcuts_between_stages_subsample_and_pad():
    model = resnet(8, (8, 8, 1), 2, seed=0)
    source = model.get_layer("stage1_block1_relu").output
    pair = keras.Model(model.input, [source, model.get_layer("stage2_block1_shortcut_pad").output])
    x, padded = (keras.ops.convert_to_numpy(y) for y in pair(np.ones((1, 8, 8, 1), "float32")))
    np.testing.assert_array_equal(padded[..., 8:24], x[:, ::2, ::2])
    assert not padded[..., :8].any() and not padded[..., 24:].any()


def test_stochastic_depth_follows_the_linear_rule():
    model = resnet(20, (16, 16, 3), 2, stochastic_depth=0.5, stochastic_depth_mode="batch", seed=0)
    assert model.get_layer("stage1_block1_drop").mode == "batch"
    rates = {x.name: x.rate for x in model.layers if isinstance(x, layers.StochasticDepth)}
    expected = {
        f"stage{s}_block{b}_drop": 0.5 * (3 * (s - 1) + b) / 9 for s in (1, 2, 3) for b in (1, 2, 3)
    }
    assert rates == pytest.approx(expected)
    assert trainable_parameters(model) == trainable_parameters(resnet(20, (16, 16, 3), 2))


def test_same_seed_same_weights_and_saving(tmp_path):
    one, two = (resnet(8, (8, 8, 1), 2, stochastic_depth=0.2, seed=7) for _ in range(2))
    for a, b in zip(one.get_weights(), two.get_weights()):
        np.testing.assert_array_equal(a, b)
    kernels = [w for w in one.get_weights() if w.shape == (3, 3, 16, 16)]
    assert not np.array_equal(kernels[0], kernels[1])
    one.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    x = np.random.default_rng(0).normal(size=(2, 8, 8, 1)).astype("float32")
    np.testing.assert_array_equal(one.predict(x, verbose=0), loaded.predict(x, verbose=0))


def test_output_is_float32_under_mixed_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = resnet(8, (8, 8, 1), 2)
        assert model.output.dtype == "float32"
        assert model.get_layer("stage2_block1_1_conv").compute_dtype == "bfloat16"
    finally:
        keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize(
    "arguments, match",
    [
        ({"depth": 9}, "6n\\+2"),
        ({"depth": 6}, "`depth`"),
        ({"depth": 20, "classes": 0}, "`classes`"),
        ({"depth": 20, "stochastic_depth": 1.0}, "`stochastic_depth`"),
        ({"depth": 20, "normalization": "local"}, "`normalization`"),
        ({"depth": 20, "variant": "imagenet"}, "`variant`"),
        ({"depth": 20, "stochastic_depth_mode": "image"}, "`stochastic_depth_mode`"),
    ],
)
def test_bad_options(arguments, match):
    with pytest.raises(ValueError, match=match):
        resnet(**{"input_shape": (32, 32, 3), "classes": 10, **arguments})
