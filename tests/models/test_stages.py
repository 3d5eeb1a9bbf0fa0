"""stages: the layers that feature extractors of known networks use, and made-up graphs."""

import keras
import numpy as np
import pytest

from kerasrecipes import models
from kerasrecipes.models import stages

# As in the feature pyramids of the literature: C1 to C5, or those of keras.applications' names.
KNOWN = {
    "ResNet50": ["conv1_relu", "conv2_block3_out", "conv3_block4_out", "conv4_block6_out",
                 "conv5_block3_out"],
    "MobileNetV2": ["block_1_expand_relu", "block_3_expand_relu", "block_6_expand_relu",
                    "block_13_expand_relu", "out_relu"],
    "VGG16": ["block1_conv2", "block2_conv2", "block3_conv3", "block4_conv3", "block5_conv3",
              "block5_pool"],
    "MobileNet": ["conv_pw_1_relu", "conv_pw_3_relu", "conv_pw_5_relu", "conv_pw_11_relu",
                  "conv_pw_13_relu"],
    "EfficientNetB0": ["block2a_expand_activation", "block3a_expand_activation",
                       "block4a_expand_activation", "block6a_expand_activation",
                       "top_activation"],
    "ConvNeXtTiny": ["stage_0_end", "stage_1_end", "stage_2_end", None],
    "InceptionV3": [None, None, "mixed2", "mixed7", "mixed10"],
    "DenseNet121": ["conv1_relu", "pool2_conv", "pool3_conv", "pool4_conv", "relu"],
    "NASNetMobile": ["stem_bn1", "reduction_concat_stem_1", "normal_concat_3", "normal_concat_8",
                     None],
}  # fmt: skip
QUICK = ("MobileNet", "VGG16")
NETWORKS = [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in KNOWN]


@pytest.mark.parametrize("name", NETWORKS)
def test_known_networks(name):
    model = models.backbone(name, weights=None)
    found = stages(model)
    assert len(found) == len(KNOWN[name])
    for layer, expected in zip(found, KNOWN[name]):
        assert expected is None or layer == expected
    assert model.get_layer(found[-1]).output.shape == model.output.shape


@pytest.mark.parametrize("shape", [(224, 224, 3), (None, None, 3), (64, 96, 3)])
def test_efficientnet_lite_at_any_size(shape):
    model = models.backbone("efficientnet_lite0", weights=None, input_shape=shape)
    assert stages(model) == [
        "stage2_block1_expand_relu",
        "stage3_block1_expand_relu",
        "stage4_block1_expand_relu",
        "stage6_block1_expand_relu",
        "head_relu",
    ]


@pytest.mark.traced
def test_a_classifier_has_the_stages_of_its_backbone():
    model = models.resnet(18, (64, 64, 3), classes=4)
    features = models.resnet(18, (64, 64, 3), classes=4, include_top=False)
    expected = ["stem_relu"] + [f"stage{stage}_block2_relu" for stage in (1, 2, 3, 4)]
    assert stages(model) == stages(features) == expected
    # A side of 1 at the end is a feature map as well.
    assert stages(models.resnet(18, (32, 32, 3), classes=4)) == expected


def convolution(x, name, stride=1, filters=4, padding="same"):
    return keras.layers.Conv2D(filters, 3, stride, padding=padding, name=name)(x)


def test_gates_and_branches_are_no_stages():
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Rescaling(1 / 255)(inputs)
    x = entrance = convolution(x, "first")
    x = convolution(x, "inside")
    gate = keras.layers.GlobalAveragePooling2D(keepdims=True)(x)
    gate = keras.layers.Conv2D(4, 1, activation="sigmoid", name="gate")(gate)
    x = keras.layers.Multiply(name="gated")([x, gate])
    x = keras.layers.Add(name="joined")([entrance, x])
    x = keras.layers.ZeroPadding2D(name="padded")(x)
    x = convolution(x, "second", stride=2, padding="valid")
    x = keras.layers.ReLU(name="last")(x)
    assert stages(keras.Model(inputs, x)) == ["joined", "last"]


def test_a_branch_that_goes_on_at_the_old_size_is_not_the_last():
    inputs = keras.Input((8, 8, 3))
    x = convolution(inputs, "trunk")
    branch = convolution(convolution(x, "aside"), "down", stride=2)
    x = keras.layers.MaxPooling2D(name="pooled")(x)
    x = keras.layers.Add(name="joined")([x, branch])
    assert stages(keras.Model(inputs, x)) == ["trunk", "joined"]


def test_where_branches_cross_every_layer_the_last_join_counts():
    inputs = keras.Input((8, 8, 3))
    left, right = convolution(inputs, "left"), convolution(inputs, "right")
    joined = keras.layers.Add(name="joined")([left, right])
    beyond = convolution(joined, "beyond")
    low = [convolution(left, "a", stride=2), convolution(beyond, "b", stride=2)]
    x = keras.layers.Add(name="end")(low)
    assert stages(keras.Model(inputs, x)) == ["joined", "end"]


def test_valid_convolutions_open_no_stage():
    inputs = keras.Input((37, 37, 3))
    x = convolution(inputs, "a", padding="valid")  # 35
    x = convolution(x, "b", padding="valid")  # 33
    x = convolution(x, "c", stride=2, padding="valid")  # 16
    x = convolution(x, "d", padding="valid")  # 14
    x = convolution(x, "e", stride=2, padding="valid")  # 6
    assert stages(keras.Model(inputs, x)) == ["b", "d", "e"]


def test_a_layer_called_twice_has_no_stage_but_hides_none():
    inputs = keras.Input((None, None, 3))
    relu = keras.layers.ReLU(name="relu")
    x = relu(convolution(inputs, "a"))
    x = keras.layers.Add(name="b")([x, convolution(x, "aside")])
    x = relu(convolution(x, "c", stride=2))
    x = keras.layers.BatchNormalization(name="d")(x)
    assert stages(keras.Model(inputs, x)) == ["b", "d"]


def test_a_sequential_model_and_one_with_flatten():
    model = keras.Sequential([
        keras.Input((8, 12, 3)),
        keras.layers.Conv2D(4, 3, padding="same", name="a"),
        keras.layers.MaxPooling2D(name="b"),
        keras.layers.Conv2D(4, 3, padding="same", name="c"),
        keras.layers.Flatten(),
        keras.layers.Dense(3),
    ])  # fmt: skip
    assert stages(model) == ["a", "c"]


def test_frozen_and_loaded_models_have_the_same_stages(tmp_path):
    model = models.resnet(8, (16, 16, 3), classes=2)
    expected = stages(model)
    model.trainable = False
    assert stages(model) == expected
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert stages(loaded) == expected
    # What is found can be taken as outputs, and is what the loaded model computes.
    outputs = [loaded.get_layer(name).output for name in expected]
    maps = keras.Model(loaded.input, outputs)(np.zeros((1, 16, 16, 3), "float32"))
    assert [tuple(x.shape[1:3]) for x in maps] == [(16, 16), (8, 8), (4, 4)]


class Subclassed(keras.Model):
    def call(self, inputs):
        return inputs


def two_inputs():
    a, b = keras.Input((4, 4, 3)), keras.Input((4, 4, 3))
    return keras.Model([a, b], keras.layers.Add()([a, b]))


def no_map():
    inputs = keras.Input((4,))
    return keras.Model(inputs, keras.layers.Dense(2)(inputs))


@pytest.mark.parametrize(
    "make, match",
    [
        (Subclassed, "must be a functional model.*Received"),
        (lambda: "resnet", "must be a functional model.*Received"),
        (two_inputs, "one input and one output.*Received"),
        (no_map, "must have a feature map.*Received"),
    ],
)
def test_bad_models(make, match):
    with pytest.raises(ValueError, match=match):
        stages(make())
