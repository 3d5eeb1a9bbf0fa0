"""Graham's network of fractional poolings."""

import keras
import numpy as np
import pytest

from kerasrecipes.models import fractional_network

PAPER = [94, 74, 58, 45, 35, 27, 21, 16, 12, 9, 6, 4, 2]  # before each convolution of 2 x 2


def layers_of(model, kind):
    return [layer for layer in model.layers if isinstance(layer, kind)]


def test_the_sizes_are_those_of_the_paper():
    model = fractional_network((32, 32, 3), 10, width=4)
    convolutions = layers_of(model, keras.layers.Conv2D)
    assert [one.input.shape[1] for one in convolutions] == [*PAPER, 1]
    assert convolutions[-1].output.shape[1:] == (1, 1, 14 * 4)


@pytest.mark.parametrize("width, poolings", [(4, 12), (3, 5)])
def test_the_parameters_are_counted_by_hand(width, poolings):
    model = fractional_network((12, 12, 1), 7, poolings, width)
    filters = [1, *(width * number for number in range(1, poolings + 3))]
    kernels = [4] * (poolings + 1) + [1]
    count = sum(
        size * before * after + after
        for size, before, after in zip(kernels, filters, filters[1:])
    )  # fmt: skip
    assert model.count_params() == count + 7 * filters[-1] + 7


@pytest.mark.traced
def test_dropout_rises_to_the_last_convolution():
    model = fractional_network((8, 8, 1), 3, 4, 2, dropout=0.5)
    rates = [layer.rate for layer in layers_of(model, keras.layers.SpatialDropout2D)]
    assert rates == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])
    plain = fractional_network((8, 8, 1), 3, 4, 2)
    assert not layers_of(plain, keras.layers.SpatialDropout2D)
    plain.set_weights(model.get_weights())
    x = np.random.default_rng(0).random((2, 8, 8, 1), "float32")
    np.testing.assert_array_equal(plain.predict(x, verbose=0), model.predict(x, verbose=0))


def test_the_image_stands_in_the_middle():
    model = fractional_network((7, 6, 1), 3, 4, 2, seed=0)
    padded = keras.Model(model.inputs, model.layers[1].output)
    field = keras.ops.convert_to_numpy(padded([np.ones((1, 7, 6, 1), "float32")]))[0, ..., 0]
    rows, columns = np.nonzero(field)
    assert (rows.min(), columns.min()) == ((len(field) - 7) // 2, (len(field) - 6) // 2)
    assert field.sum() == 42


@pytest.mark.parametrize(
    "change",
    [{"poolings": 0}, {"width": 0}, {"pooling_ratio": 1.0}, {"dropout": 1.0}, {"classes": 0}],
)
def test_bad_arguments(change):
    with pytest.raises(ValueError, match=f"`{next(iter(change))}` must be.*Received"):
        fractional_network(**{"input_shape": (8, 8, 1), "classes": 3, **change})


def test_an_image_larger_than_the_field():
    with pytest.raises(ValueError, match="at most 9 pixels.*Received"):
        fractional_network((32, 32, 3), 10, poolings=3)
