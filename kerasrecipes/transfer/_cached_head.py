"""The head of a classifier as a model of its own, which trains on features computed once."""

import keras
import numpy as np

from kerasrecipes import callbacks, models
from kerasrecipes.transfer.extract_features import extract_features

RANDOM = tuple(
    kind
    for name, kind in vars(keras.layers).items()
    if name.startswith("Random") or name in ("AugMix", "CutMix", "MixUp", "RandAugment")
)


class Head(keras.Model):
    """The last layers of a model one after another: shared with it, weights and all.

    Not a functional model, which would leave a second call in the graph of the layers.
    """

    def __init__(self, chain, **kwargs):
        super().__init__(**kwargs)
        self.chain = list(chain)
        self.built = True

    def call(self, inputs):
        for layer in self.chain:
            inputs = layer(inputs)
        return inputs

    def get_config(self):
        return {"chain": [keras.saving.serialize_keras_object(layer) for layer in self.chain]}


class CachedHead:
    """A model cut in two: what gives the features, and the head that trains on them.

    Attributes:
        head: `Head`.
        width: integer, how many features there are.
    """

    def __init__(self, model, cut, chain):
        self._features = keras.Model(model.inputs[0], cut.output)
        self.head = Head(chain, name=f"{model.name}_head")
        self.width = cut.output.shape[-1]

    def extract(self, data, batch_size):
        """The data with features for images."""
        return extract_features(self._features, data, batch_size=batch_size)

    def zeros(self, data):
        """Zeros in the place of the features of arrays: those of `(x, y)`, or of `x` alone."""
        x, *others = data if isinstance(data, tuple) else (data,)
        zeros = np.zeros((len(x), self.width), "float32")
        return (zeros, *others) if others else zeros


def cut(model):
    """Return the `CachedHead` of a model, `None` if its head is not a chain on flat features."""
    names = [layer.name for layer in model.layers]
    chain = model.layers[names.index(models.stages(model)[-1]) :]
    for before, layer in zip(chain, chain[1:]):
        if not _feeds(before, layer):
            return None
    while len(chain) > 2 and not chain[1].variables:
        chain = chain[1:]
    if len(chain) < 2 or len(chain[0].output.shape) != 2:
        return None
    return CachedHead(model, chain[0], chain[1:])


def draws_at_random(model):
    """Whether a model changes its images at random in training."""
    return any(isinstance(layer, RANDOM) for layer in model._flatten_layers())


def looks_at_model(callback):
    """Whether a callback may do more with the model than read metrics and move its weights."""
    if isinstance(callback, callbacks.BestSnapshot):
        return callback.filepath is not None or callback.every_steps is not None
    whole = (
        callbacks.ActivationStatistics,
        callbacks.LearningRateFinder,
        callbacks.SnapshotEnsemble,
        keras.callbacks.BackupAndRestore,
        keras.callbacks.LambdaCallback,
        keras.callbacks.ModelCheckpoint,
        keras.callbacks.TensorBoard,
    )
    known = type(callback).__module__.startswith(("kerasrecipes.", "keras."))
    return isinstance(callback, whole) or not known


def _feeds(before, layer):
    """Whether `layer` takes the output of `before`, and nothing else, ever."""
    try:
        return layer.input is before.output
    except (AttributeError, ValueError):  # it is called twice, or never
        return False
