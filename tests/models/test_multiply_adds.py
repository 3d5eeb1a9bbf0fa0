"""Multiply-adds against the published counts, and by hand."""

import keras
import numpy as np
import pytest

from kerasrecipes import layers, models, serving


@pytest.mark.parametrize(
    ("make", "published"),
    [
        (lambda: models.resnet(50, (224, 224, 3), 1000), 4.1e9),
        (lambda: keras.applications.MobileNet(weights=None), 0.57e9),
    ],
    ids=["ResNet-50", "MobileNetV1"],
)
def test_the_count_is_the_published_one(make, published):
    assert models.multiply_adds(make()) == pytest.approx(published, rel=0.02)


@pytest.mark.parametrize(
    ("variant", "published"),
    [
        (0, 407e6),
        *(
            pytest.param(number, count, marks=pytest.mark.slow)
            for number, count in enumerate((631e6, 899e6, 1.44e9, 2.64e9), 1)
        ),
    ],
)
def test_the_counts_published_with_efficientnet_lite_are_of_another_definition(variant, published):
    """They have 3 more for each normalised value."""
    model = models.efficientnet_lite(variant, weights=None)
    normalized = sum(
        np.prod(layer.output.shape[1:])
        for layer in model.layers
        if isinstance(layer, keras.layers.BatchNormalization)
    )
    count = models.multiply_adds(model)
    assert count + 3 * normalized == pytest.approx(published, rel=0.005)
    assert count < 0.97 * published


@pytest.mark.parametrize(
    ("equation", "output_shape", "expected"),
    [
        ("abc,cd->abd", (9, 7), 9 * 5 * 7),
        ("abc,cde->abde", (9, 2, 7), 9 * 5 * 2 * 7),
        ("abc,bd->adc", (7, 5), 9 * 5 * 7),
        ("...c,cd->...d", 7, 9 * 5 * 7),
        ("abc,bc->abc", (9, 5), 9 * 5),
    ],
)
def test_an_einsum_counts_its_products(equation, output_shape, expected):
    inputs = keras.Input((9, 5))
    layer = keras.layers.EinsumDense(equation, output_shape)
    assert models.multiply_adds(keras.Model(inputs, layer(inputs))) == expected


def test_the_projections_of_attention():
    inputs = keras.Input((9, 5))
    attention = keras.layers.MultiHeadAttention(num_heads=3, key_dim=4)
    model = keras.Model(inputs, attention(inputs, inputs))
    assert models.multiply_adds(model) == 4 * 9 * 5 * 3 * 4


def test_the_count_of_each_kind_of_layer():
    inputs = keras.Input((9, 11, 4))
    counts = [
        (keras.layers.Conv2D(6, (3, 2), strides=2), 4 * 5 * 3 * 2 * 4 * 6),
        (keras.layers.Conv2D(6, 3, groups=2, padding="same"), 9 * 11 * 9 * 2 * 6),
        (keras.layers.DepthwiseConv2D(3, depth_multiplier=2), 7 * 9 * 9 * 4 * 2),
        (keras.layers.SeparableConv2D(5, 3), 7 * 9 * (9 * 4 + 4 * 5)),
        (keras.layers.Conv2DTranspose(5, 3, strides=2), 9 * 11 * 9 * 4 * 5),
        (keras.layers.Dense(7), 9 * 11 * 4 * 7),
        (keras.layers.BatchNormalization(), 0),
    ]
    for layer, expected in counts:
        model = keras.Model(inputs, layer(inputs))
        assert models.multiply_adds(model) == expected, layer.name


def test_nested_wrapped_and_repeated_layers_are_counted():
    plain = models.resnet(8, (16, 16, 3), 4)
    wrapped = models.resnet(8, (16, 16, 3), 4, stochastic_depth=0.5)
    served = serving.serving_model(plain, layers.ImagePreprocessing(16), 3)
    expected = models.multiply_adds(plain)
    assert models.multiply_adds(wrapped) == expected
    assert models.multiply_adds(served, (40, 50, 3)) == expected
    with pytest.raises(ValueError, match="image_shape"):
        models.multiply_adds(served)
    inputs = keras.Input((5,))
    dense = keras.layers.Dense(5)
    assert models.multiply_adds(keras.Model(inputs, dense(dense(inputs)))) == 50


def test_the_model_is_as_it_was():
    model = models.resnet(8, (16, 16, 3), 4, stochastic_depth=0.5)
    before = [np.array(w) for w in model.get_weights()]
    models.multiply_adds(model)
    for first, second in zip(before, model.get_weights()):
        np.testing.assert_array_equal(first, second)
    assert not any("call" in vars(layer) for layer in model.layers)
