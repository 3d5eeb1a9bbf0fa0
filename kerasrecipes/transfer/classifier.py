"""A classifier on top of a backbone."""

from typing import Any

import keras

from kerasrecipes import layers
from kerasrecipes._backend import keras_internals
from kerasrecipes._validation import check_integer, check_number
from kerasrecipes.models._functional import functional


def classifier(
    backbone: keras.Model,
    classes: int,
    dropout: float = 0.0,
    stage: str | None = None,
    name: str | None = None,
    activation: Any = "softmax",
) -> keras.Model:
    """Return a backbone with a linear classifier on top, from images to probabilities.

    ```
    softmax(kernel · dropout(mean over positions of the feature map) + bias)
    ```

    The model is not nested: it contains the backbone's layers and shares their weights with the
    backbone. Kernel and bias start at 0, so that the backbone has no gradient in the first step.

    Args:
        backbone: functional `keras.Model` with one input and one output, such as
            from `models.backbone`. Features that are pooled already are used as they are.
        classes: int >= 2, or a list of class names, which are stored in a last layer
            `layers.ClassNames` with the name `"class_names"`.
        dropout: float in [0, 1), drop rate of the pooled features. Defaults to 0: none.
        stage: str, name of the layer with the features to classify, such as one of
            `models.stages`, or `None` (default) for the output of the backbone. Later layers are
            left out.
        activation: activation of the classifier. Defaults to `"softmax"`; `"sigmoid"` is for
            several labels an image, `"linear"` for numbers, where `classes` may be 1.
        name: str or `None`, name of the model. Defaults to `BACKBONE_classifier`.

    Returns:
        A functional `keras.Model`, not compiled. The dense layer has the name `"classifier"`. The
        output is float32 even with mixed precision.

    Raises:
        TypeError: if an argument is of the wrong type.
        ValueError: if `backbone` is not a functional model with one input and one output, `stage`
            is not one of its layers, or an argument is out of range.

    Example:

    >>> from kerasrecipes import models
    >>> from kerasrecipes.transfer import classifier
    >>> backbone = models.resnet(8, (32, 32, 3), classes=10, include_top=False)
    >>> model = classifier(backbone, classes=3, stage=models.stages(backbone)[1])
    >>> model.output_shape, model.count_params(), len(model.layers) < len(backbone.layers)
    ((None, 3), 19411, True)

    Reference: Donahue et al. (2013), https://arxiv.org/abs/1310.1531; the head starts at 0 as
        in Kolesnikov et al. (2020), https://arxiv.org/abs/1912.11370.
    """
    names = classes if isinstance(classes, (list, tuple)) else None
    count = len(names) if names is not None else classes
    check_integer("classes", count, "[2, inf)" if activation == "softmax" else "[1, inf)")
    check_number("dropout", dropout, "[0, 1)")
    x = _output(backbone, stage)
    if len(x.shape) > 2:
        x = keras.layers.GlobalAveragePooling2D(name="classifier_pool")(x)
    if dropout:
        x = keras.layers.Dropout(dropout, name="classifier_dropout")(x)
    x = keras.layers.Dense(
        count, activation, kernel_initializer="zeros", dtype="float32", name="classifier"
    )(x)
    if names is not None:
        task = {"softmax": "classes", "sigmoid": "multilabel"}.get(activation, "regression")
        x = layers.ClassNames(names, task, dtype="float32", name="class_names")(x)
    return keras.Model(backbone.inputs[0], x, name=name or f"{backbone.name}_classifier")


def _output(backbone, stage):
    """Return the features to classify."""
    graph = functional("backbone", backbone)
    if stage is None:
        output = graph.outputs[0]
    else:
        if stage not in [layer.name for layer in backbone.layers]:
            raise ValueError(
                f"Argument `stage` must be the name of a layer of {backbone.name}. "
                f"Received: stage={stage!r}"
            )
        output = keras_internals.outputs_in_graph(graph)[backbone.get_layer(stage)]
    if len(output.shape) not in (2, 4):
        raise ValueError(
            "The classified output must have rank 4 (batch, height, width, channels) or rank 2. "
            f"Received: an output of shape {tuple(output.shape)}"
        )
    return output
