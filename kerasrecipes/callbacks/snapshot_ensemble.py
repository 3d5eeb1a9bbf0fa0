"""Several models for the price of one: the snapshots at the ends of cosine cycles."""

import os
from typing import Any

import keras
import numpy as np

from kerasrecipes._atomic_write import atomic_write
from kerasrecipes._backend.processes import by_first, check_one_model, file_of_first
from kerasrecipes._printable import printable
from kerasrecipes._validation import check_boolean, check_integer, check_path
from kerasrecipes._warning import warn
from kerasrecipes.callbacks._fit_callback import FitCallback
from kerasrecipes.callbacks._rebuilt_model import rebuild
from kerasrecipes.callbacks._with_probabilities import (
    loss_in_doubt,
    output_activations,
    takes_logits,
    with_probabilities,
)
from kerasrecipes.callbacks._writable_folder import make_folder
from kerasrecipes.callbacks.sgdr import SGDR
from kerasrecipes.inference import Ensemble


class SnapshotEnsemble(FitCallback):
    """Keeps the model at the end of each cycle, after its last update and before the rate rises.

    ```
    p(x) = 1/M · Σ_m p_m(x)       over the snapshots m that are kept
    ```

    `model()` is that average as one Keras model. With `PolyakAveraging` in the same `fit`, the
    snapshots are of the averages. Of several processes of JAX the first reads and writes the
    folder, and all must call `model` and `weights`.

    Args:
        sgdr: `SGDR`, the one of the same `fit`, whose cycles give the snapshots. Each cycle must
            complete at the end of an epoch, and `fit` must end with one. Defaults to `None`: give
            this or `every_epochs`.
        every_epochs: int >= 1, instead of `sgdr`: a snapshot every so many epochs, whatever the
            rate does (`SnapshotCosine` compiled in, or a constant rate). Defaults to `None`.
        keep_last: int >= 1, how many snapshots to keep, the latest; `None` (default) for all.
        directory: path of a folder for the snapshots, as `snapshot-EPOCH.keras`, made if it is not
            there, written atomically; `None` (default) keeps them in memory. Where the disk is
            full, a warning says so, the snapshot stays in memory, and the write is tried again.
        from_logits: bool, whether the model ends in logits, so that its snapshots get a softmax, or
            a sigmoid if the loss is a binary crossentropy or there is one unit; a loss that does
            not tell, neither a crossentropy nor a hinge of classes, warns. Of several outputs,
            those whose loss is `from_logits` get theirs, each by its own loss. Such a loss warns
            where this is `False`, the default.

    Attributes:
        epochs: list of the 0-based epochs at whose end the snapshots were taken that are kept.

    Raises:
        ValueError: for an argument outside its range; before the first step, if the cycles do not
            fit the epochs, `sgdr` is not in the same `fit`, the folder cannot be written, the model
            cannot be made again from its configuration, or several processes have no distribution,
            which `directory` needs; with `from_logits`, if the losses of several outputs do not
            tell which get a softmax and which a sigmoid. On data of unknown length, cycles are
            checked after the first epoch.
        TypeError: for an argument of the wrong type.

    Example:

    >>> import numpy as np, keras
    >>> from kerasrecipes.callbacks import SGDR, SnapshotEnsemble
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, "softmax")])
    >>> model.compile("sgd", "sparse_categorical_crossentropy")
    >>> sgdr = SGDR(0.1, first_cycle_epochs=1)
    >>> snapshots = SnapshotEnsemble(sgdr)
    >>> x, y = np.ones((8, 2)), np.ones(8)
    >>> history = model.fit(x, y, epochs=3, callbacks=[sgdr, snapshots], verbose=0)
    >>> snapshots.epochs, snapshots.model().predict(x, verbose=0).shape
    ([0, 2], (8, 3))

    Reference: Huang, Li, Pleiss et al. (2017), https://arxiv.org/abs/1704.00109, with cycles of one
        length; with growing ones, Loshchilov & Hutter (2016), https://arxiv.org/abs/1608.03983.
    """

    def __init__(
        self,
        sgdr: Any = None,
        every_epochs: int | None = None,
        keep_last: int | None = None,
        directory: str | os.PathLike[str] | None = None,
        from_logits: bool = False,
    ) -> None:
        super().__init__()
        if sgdr is not None and not isinstance(sgdr, SGDR):
            raise TypeError(f"Argument `sgdr` must be an SGDR callback. Received: sgdr={sgdr!r}")
        if (sgdr is None) == (every_epochs is None):
            raise ValueError(
                "Argument `sgdr` or argument `every_epochs` must be given, and not both. "
                f"Received: sgdr={sgdr!r}, every_epochs={every_epochs!r}"
            )
        if every_epochs is not None:
            check_integer("every_epochs", every_epochs, "[1, inf)")
        if keep_last is not None:
            check_integer("keep_last", keep_last, "[1, inf)")
        if directory is not None:
            check_path("directory", directory)
        check_boolean("from_logits", from_logits)
        self.sgdr = sgdr
        self.every_epochs = every_epochs
        self.keep_last = keep_last
        self.directory = directory
        self.from_logits = from_logits
        self.epochs = []
        self._weights = {}

    def _begin(self):
        self.epochs, self._weights = [], {}
        if self.directory is not None:
            check_one_model(self)
            by_first(make_folder, self.directory, "directory", self.directory)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        super().on_epoch_end(epoch)
        if not self.params["steps"]:
            self._check_cycles()  # which could not be before the first epoch
        if self.sgdr is None:
            is_due = (epoch + 1) % self.every_epochs == 0
        else:
            is_due = epoch in self.sgdr.cycle_ends
        if is_due:
            self._take(self._trained_model, epoch)

    def _after_end(self):
        self._write_pending(self._trained_model)

    def model(self) -> Any:
        """Return the snapshots as one Keras model, an `inference.Ensemble`.

        It takes the place of the property that gives other callbacks the model in training.
        """
        if not self.epochs:
            raise ValueError("No snapshot has been taken yet. Received: epochs=[]")
        return Ensemble([self._load(epoch) for epoch in self.epochs])

    def weights(self, epoch: int) -> Any:
        """Return the weights of the snapshot of an epoch, in the order of the model's `weights`."""
        if epoch not in self.epochs:
            raise ValueError(
                f"Argument `epoch` must be one of {self.epochs}. Received: epoch={epoch!r}"
            )
        if epoch in self._weights:
            return [weight.copy() for weight in self._weights[epoch]]
        return self._member(epoch).get_weights()

    def get_state(self) -> dict[str, Any]:
        state = {"epochs": np.array(self.epochs, "int64")}
        for epoch, weights in self._weights.items():
            state.update({f"{epoch}/{i}": weight for i, weight in enumerate(weights)})
        return state

    def set_state(self, state: dict[str, Any]) -> None:
        self.epochs = [int(epoch) for epoch in state["epochs"]]
        for epoch in self.epochs:
            count = sum(name.startswith(f"{epoch}/") for name in state)
            if count:
                self._weights[epoch] = [state[f"{epoch}/{i}"] for i in range(count)]

    def _take(self, model, epoch):
        self._write_pending(model)
        if self.directory is None or not self._write(model, epoch):
            self._weights[epoch] = _values(model)
        self.epochs.append(epoch)
        if self.keep_last is not None and len(self.epochs) > self.keep_last:
            self._drop(self.epochs.pop(0))

    def _write(self, model, epoch):
        """Write the snapshot of an epoch; return whether that worked."""
        try:
            by_first(self._write_file, model, epoch)
        except OSError as error:
            warn(
                f"SnapshotEnsemble could not write {printable(self._path(epoch))} "
                f"({error.strerror or error}). The snapshot is in memory, and the write will be "
                "tried again.",
            )
            return False
        return True

    def _write_file(self, model, epoch):
        os.makedirs(self.directory, exist_ok=True)
        with atomic_write(self._path(epoch)) as temporary:
            model.save(temporary, include_optimizer=False)

    def _write_pending(self, model):
        """Write snapshots that stayed in memory because the disk was full."""
        pending = [] if self.directory is None else list(self._weights)
        for epoch in pending:
            now = _values(model)
            _assign(model, self._weights[epoch])
            if self._write(model, epoch):
                del self._weights[epoch]
            _assign(model, now)

    def _drop(self, epoch):
        self._weights.pop(epoch, None)
        if self.directory is not None:
            by_first(self._remove, self._path(epoch))

    def _remove(self, path):
        if os.path.exists(path):
            os.remove(path)

    def _load(self, epoch):
        """Return the model of an epoch, from pixels to probabilities."""
        member = self._member(epoch)
        return with_probabilities(member, self._trained_model) if self.from_logits else member

    def _member(self, epoch):
        member = rebuild(self._trained_model)
        if epoch in self._weights:
            _assign(member, self._weights[epoch])
        else:
            with file_of_first(self._path(epoch)) as path:
                member.load_weights(path)
        return member

    def _path(self, epoch):
        return os.path.join(self.directory, f"snapshot-{epoch:04d}.keras")

    def _all_have_begun(self):
        self._check_cycles()
        rebuild(self._trained_model)
        self._warn_of_logits(self._trained_model)
        if self.from_logits and getattr(self._trained_model, "outputs", None):
            output_activations(self._trained_model)  # raises if the losses do not tell
            self._warn_of_doubt(loss_in_doubt(self._trained_model))

    def _check_cycles(self):
        epochs = self.params["epochs"]
        if self.sgdr is None:
            if self.every_epochs > epochs:
                raise ValueError(
                    f"Argument `every_epochs` must be at most the {epochs} epochs of fit, or no "
                    f"snapshot is taken. Received: every_epochs={self.every_epochs}"
                )
            return
        if self.sgdr not in self.peers(SGDR):
            raise ValueError(
                "Argument `sgdr` must be among the callbacks of the same fit. "
                f"Received: sgdr={self.sgdr!r}"
            )
        self.sgdr.check_cycles_fit_epochs()

    def _warn_of_logits(self, model):
        if not self.from_logits and any(map(takes_logits, keras.tree.flatten(model.loss))):
            warn(
                "The loss is `from_logits`, and SnapshotEnsemble averages what the model gives: "
                "say `from_logits=True` to average probabilities.",
            )

    def _warn_of_doubt(self, loss):
        if loss is not None:
            warn(
                f"The loss {printable(loss)} does not tell a softmax from a sigmoid: "
                "`from_logits=True` gives the snapshots a softmax. For another end let the model "
                "have it, and say `from_logits=False`.",
            )


def _values(model):
    return [np.array(keras.ops.convert_to_numpy(weight)) for weight in model.weights]


def _assign(model, values):
    for variable, value in zip(model.weights, values, strict=True):
        variable.assign(value)
