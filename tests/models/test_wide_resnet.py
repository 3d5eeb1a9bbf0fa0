"""wide_resnet: the paper's parameter counts, its blocks, its options."""

import keras
import numpy as np
import pytest

from kerasrecipes import layers
from kerasrecipes.models import wide_resnet


@pytest.mark.parametrize(
    "depth, width, millions", [(16, 8, 11.0), (28, 10, 36.5), (40, 1, 0.6), (22, 8, 17.2)]
)
def test_parameters_of_the_papers_table(depth, width, millions):
    model = wide_resnet(depth, width, (32, 32, 3), 10)
    count = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    assert round(count / 1e6, 1) == millions


@pytest.mark.traced
def test_trains_a_step_with_dropout_and_stochastic_depth():
    model = wide_resnet(16, 1, (8, 8, 1), 3, dropout=0.3, stochastic_depth=0.4, seed=0)
    assert sum(isinstance(x, layers.StochasticDepth) for x in model.layers) == 6
    model.compile("sgd", "sparse_categorical_crossentropy", jit_compile=False)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(8, 8, 8, 1)).astype("float32"), rng.integers(0, 3, 8)
    assert np.isfinite(model.train_on_batch(x, y))


def test_pre_activation_block_computes_the_papers_formula():
    model = wide_resnet(16, 2, (8, 8, 3), 2, seed=0)
    x = np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype("float32")

    def output(name):
        return keras.Model(model.input, model.get_layer(name).output)(x)

    start = branch = output("stage1_block1_add")
    for name in ("1_norm", "1_relu", "1_conv", "2_norm", "2_relu", "2_conv"):
        branch = model.get_layer(f"stage1_block2_{name}")(branch)
    ours = keras.ops.convert_to_numpy(output("stage1_block2_add"))
    expected = keras.ops.convert_to_numpy(start + branch)
    np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "arguments, match",
    [
        ({"depth": 12}, "6n\\+4"),
        ({"width": 0}, "`width`"),
        ({"dropout": 1.0}, "`dropout`"),
        ({"stem_normalization": "none"}, "`stem_normalization`"),
    ],
)
def test_bad_options(arguments, match):
    options = {"depth": 10, "width": 1, "input_shape": (32, 32, 3), "classes": 10, **arguments}
    with pytest.raises(ValueError, match=match):
        wide_resnet(**options)
