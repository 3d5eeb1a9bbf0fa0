"""Every bad option of the random layers is refused with its name, its range and what came."""

import keras
import pytest

from kerasrecipes import layers

DENSE = keras.layers.Dense(3)
BAD = [
    (lambda: layers.StochasticDepth(DENSE, 1), ValueError, r"`rate`.*\[0, 1\).*rate=1"),
    (lambda: layers.StochasticDepth(DENSE, -0.1), ValueError, r"`rate`.*\[0, 1\).*rate=-0.1"),
    (lambda: layers.StochasticDepth(DENSE, "0.5"), TypeError, r"`rate`.*rate='0.5'"),
    (lambda: layers.StochasticDepth(DENSE, 0.5, mode="pixel"), ValueError, "mode='pixel'"),
    (lambda: layers.StochasticDepth(abs, 0.5), TypeError, "`branch` must be a Keras layer"),
    (lambda: layers.StochasticDepth(DENSE, 0.5, shortcut=3), TypeError, "shortcut=3"),
    (lambda: layers.StochasticDepth(DENSE, 0.5, seed="a"), ValueError, "seed"),
    (lambda: layers.DropPath(float("nan")), ValueError, r"`rate`.*\[0, 1\).*rate=nan"),
    (lambda: layers.DropPath(1.5), ValueError, "rate=1.5"),
    (lambda: layers.DropPath(True), TypeError, "rate=True"),
    (lambda: layers.DropPath(0.5).build(()), ValueError, "rank >= 1"),
    (lambda: layers.DropConnect(DENSE, 1.0), ValueError, "rate=1.0"),
    (lambda: layers.DropConnect("dense"), TypeError, "layer='dense'"),
    (lambda: layers.DropConnect(keras.layers.ReLU()), ValueError, "of type ReLU"),
    (lambda: layers.DropConnectDense(0), ValueError, "units=0"),
    (lambda: layers.DropConnectDense(2.5), TypeError, "units=2.5"),
    (lambda: layers.DropConnectDense(2, rate=1), ValueError, "rate=1"),
    (lambda: layers.DropConnectDense(2, mask="batch"), ValueError, "mask='batch'"),
    (lambda: layers.DropConnectDense(2, inference="sample"), ValueError, "inference='sample'"),
    (lambda: layers.DropConnectDense(2, use_bias=1), TypeError, "use_bias=1"),
    (lambda: layers.DropConnectDense(2, activation="softmax"), ValueError, "activation=softmax"),
    (lambda: layers.DropConnectDense(2, quadrature_points=0), ValueError, "quadrature_points=0"),
    (lambda: layers.DropConnectDense(2).build((3,)), ValueError, "rank >= 2"),
    (lambda: layers.FractionalMaxPooling2D(1), ValueError, r"\(1, 2\].*pooling_ratio=1"),
    (lambda: layers.FractionalMaxPooling2D(2.01), ValueError, "pooling_ratio=2.01"),
    (lambda: layers.FractionalMaxPooling2D("1.4"), TypeError, "pooling_ratio='1.4'"),
    (lambda: layers.FractionalMaxPooling2D(pseudo_random=0), TypeError, "pseudo_random=0"),
    (lambda: layers.FractionalMaxPooling2D(overlapping=None), TypeError, "overlapping=None"),
    (lambda: layers.FractionalMaxPooling2D(data_format="nhwc"), ValueError, "data_format='nhwc'"),
    (lambda: layers.FractionalMaxPooling2D()(keras.ops.ones((2, 3, 4))), ValueError, "ndim=4"),
    (lambda: layers.linear_drop_rates(0), ValueError, "depth=0"),
    (lambda: layers.linear_drop_rates(2.0), TypeError, "depth=2.0"),
    (lambda: layers.linear_drop_rates(3, 1.0), ValueError, "final_rate=1.0"),
]


@pytest.mark.parametrize("make, error, words", BAD, ids=[words for _, _, words in BAD])
def test_bad_input(make, error, words):
    with pytest.raises(error, match=words):
        make()
