"""Networks trained side by side on the same batches, for one seed after another."""

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from kerasrecipes._backend.padded_predict import predict_array

PREDICTED_AT_ONCE = 500


class TrainedNetwork(NamedTuple):
    """One network after training with one seed.

    Attributes:
        weights: list of arrays, in the order of `get_weights`.
        epochs: int, after how many epochs the weights were taken.
        held_accuracy, accuracy, training_accuracy: float, on held-out, test and training images.
        loss: float, mean cross-entropy on the test images, in nats.
    """

    weights: Any
    epochs: int
    held_accuracy: float
    accuracy: float
    training_accuracy: float
    loss: float


class PairedTrainings:
    """Trains several networks in one compiled step, each as if it were alone.

    The networks share the batches and nothing else. The loss is the sum of their losses, so each
    weight has the gradient of a separate training.

    Args:
        networks: function of a seed that returns a dict from a name (str or tuple) to a Keras model
            of logits; names and shapes do not depend on the seed.
        smoothing: dict from a name to its label smoothing, float in [0, 1]; others have none.
        optimizer: a new Keras optimizer that works weight by weight.
        seed: int, any seed that `networks` takes.
        jit: bool, whether the step is compiled by XLA.

    Attributes:
        networks: dict from a name to its Keras model, as the last training left it.
    """

    def __init__(
        self, networks: Callable[[int], Any], smoothing: Any, optimizer: Any, seed: int, jit: bool
    ) -> None:
        self._build, self.networks = networks, networks(seed)
        inputs = keras.Input(next(iter(self.networks.values())).input_shape[1:])
        logits = [network(inputs) for network in self.networks.values()]
        self._model = keras.Model(inputs, ops.stack(logits, axis=1))
        rates = [[smoothing.get(name, 0.0)] for name in self.networks]
        self._model.compile(optimizer, _summed_loss(np.array(rates)), jit_compile=jit)
        self._optimizer = optimizer
        optimizer.build(self._model.trainable_variables)
        self._fresh = [_array(variable) for variable in optimizer.variables]

    def train(
        self, seed: int, train: Any, held: Any, test: Any, epochs: int, batch_size: int,
        stop: str | None = None,
    ) -> dict[Any, TrainedNetwork]:  # fmt: skip
        """Return {name: the network after training}.

        Args:
            seed: int, of the weights, the order of the images and all noise.
            train, held, test: pairs (images, labels).
            epochs: int >= 1.
            batch_size: int >= 1.
            stop: name of a network, or `None`. Its weights after the epoch with the least loss on
                `held` are one more result, "early stopping". Defaults to `None`.
        """
        self._restart(seed)
        best = None if stop is None else _BestEpoch(self.networks[stop], held)
        self._model.fit(*train, batch_size, epochs, callbacks=best and [best], verbose=0)
        found = self._results(dict.fromkeys(self.networks, epochs), held, test, train)
        if best is not None:
            last = self.networks[stop].get_weights()
            self.networks[stop].set_weights(best.weights)
            stopped = self._results({stop: best.epochs}, held, test, train)
            found["early stopping"] = stopped[stop]
            self.networks[stop].set_weights(last)
        return found

    def _restart(self, seed):
        for name, fresh in self._build(seed).items():
            for variable, value in zip(self.networks[name].variables, fresh.variables):
                variable.assign(value)
        for variable, value in zip(self._optimizer.variables, self._fresh):
            variable.assign(value)
        keras.utils.set_random_seed(seed)

    def _results(self, epochs, *pairs):
        """Return {name: TrainedNetwork} of the names in {name: epochs}."""
        measured = [self._measure(*pair) for pair in pairs]
        found = {}
        for number, (name, network) in enumerate(self.networks.items()):
            if name in epochs:
                (held, _), (accuracy, loss), (training, _) = (one[number] for one in measured)
                found[name] = TrainedNetwork(
                    network.get_weights(), epochs[name], held, accuracy, training, float(loss)
                )
        return found

    def _measure(self, images, labels):
        """Return (accuracy, loss) of each network."""
        logits = predict_array(self._model, images, PREDICTED_AT_ONCE).astype("float64")
        accuracies = (logits.argmax(axis=-1) == labels[:, None]).mean(axis=0)
        return list(zip(accuracies.tolist(), _cross_entropies(logits, labels).mean(axis=0)))


class _BestEpoch(keras.callbacks.Callback):
    """Keeps the weights of one network after the epoch of its least loss on held-out images."""

    def __init__(self, network, held):
        super().__init__()
        self._network, (self._images, self._labels) = network, held
        self._least, self.epochs, self.weights = np.inf, 0, network.get_weights()

    def on_epoch_end(self, epoch, logs=None):
        logits = self._network.predict_on_batch(self._images).astype("float64")
        loss = _cross_entropies(logits[:, None], self._labels).mean()
        if loss < self._least:
            self._least, self.epochs = loss, epoch + 1
            self.weights = self._network.get_weights()


def _summed_loss(smoothing):
    """Return a loss of logits (images, networks, classes), the sum over the networks."""

    def loss(labels, logits):
        classes = logits.shape[-1]
        targets = ops.one_hot(ops.reshape(labels, (-1, 1)), classes, dtype=logits.dtype)
        rates = ops.cast(smoothing, logits.dtype)
        targets = (1 - rates) * targets + rates / classes
        return -ops.sum(targets * ops.log_softmax(logits), axis=(1, 2))

    return loss


def _cross_entropies(logits, labels):
    """Return the cross-entropy of each image and network, (images, networks)."""
    scores = logits - logits.max(axis=-1, keepdims=True)
    right = np.take_along_axis(scores, labels[:, None, None], axis=-1)[..., 0]
    return np.log(np.exp(scores).sum(axis=-1)) - right


def _array(variable):
    return np.array(ops.convert_to_numpy(variable))
