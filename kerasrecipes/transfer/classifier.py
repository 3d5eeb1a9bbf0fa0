"""A classifier on top of a backbone."""

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
) -> keras.Model:
    """Return a network that takes the backbone's images and gives probabilities of classes.

    ```
    softmax(kernel · dropout(mean over positions of the feature map) + bias)
    ```

    The model is not nested: the backbone's layers are its layers, and share their weights with the
    backbone. Kernel and bias begin at 0, so that the first step sends no gradient to the backbone.

    Args:
        backbone: functional `keras.Model` with one input and one output, such as
            `models.backbone` returns. Pooled features are taken as they are.
        classes: int >= 2, or a list of as many names: then the model carries them, in a
            last layer `layers.ClassNames` called `"class_names"`.
        dropout: float in [0, 1), drop rate of the pooled features. Defaults to 0: none.
        stage: name of the layer whose output is classified, such as one of `models.stages`, or
            `None` (default) for the output of the backbone. Layers beyond it are left out.
        name: str or `None`, name of the model. Defaults to `BACKBONE_classifier`.

    Returns:
        A functional `keras.Model`, not compiled. The dense layer is called `"classifier"`. The
        output is float32 under mixed precision too.

    Raises:
        TypeError: if an argument is of the wrong type.
        ValueError: if `backbone` is no functional model with one input and one output, `stage` is
            no layer of it, or an argument is out of range.

    Example:

    >>> from kerasrecipes import models
    >>> from kerasrecipes.transfer import classifier
    >>> backbone = models.resnet(8, (32, 32, 3), classes=10, include_top=False)
    >>> model = classifier(backbone, classes=3, stage=models.stages(backbone)[1])
    >>> model.output_shape, model.count_params(), len(model.layers) < len(backbone.layers)
    ((None, 3), 19411, True)

    Reference: Donahue et al. (2013), https://arxiv.org/abs/1310.1531; the head that begins at 0 as
        in Kolesnikov et al. (2020), https://arxiv.org/abs/1912.11370.
    """
    names = classes if isinstance(classes, (list, tuple)) else None
    count = len(names) if names is not None else classes
    check_integer("classes", count, "[2, inf)")
    check_number("dropout", dropout, "[0, 1)")
    x = _output(backbone, stage)
    if len(x.shape) > 2:
        x = keras.layers.GlobalAveragePooling2D(name="classifier_pool")(x)
    if dropout:
        x = keras.layers.Dropout(dropout, name="classifier_dropout")(x)
    x = keras.layers.Dense(
        count, "softmax", kernel_initializer="zeros", dtype="float32", name="classifier"
    )(x)
    if names is not None:
        x = layers.ClassNames(names, dtype="float32", name="class_names")(x)
    return keras.Model(backbone.inputs[0], x, name=name or f"{backbone.name}_classifier")


def _output(backbone, stage):
    """The tensor to classify."""
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
            "What is classified must be a feature map (batch, height, width, channels) or flat. "
            f"Received: an output of shape {tuple(output.shape)}"
        )
    return output
