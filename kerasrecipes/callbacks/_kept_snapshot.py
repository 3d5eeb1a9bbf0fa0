"""The best moment of a training, in a file or in memory."""

import keras
import numpy as np

from kerasrecipes._printable import printable
from kerasrecipes._warning import warn
from kerasrecipes.callbacks import _best_file, _training_state


class KeptSnapshot:
    """Weights, statistics, optimizer and averages of one moment.

    It lies in the file, or in memory where there is none or it cannot be written. What it takes as
    `facts` is written beside it: the monitor, its best value and epoch.

    Attributes:
        filepath: path of the file, or `None`. `begin` sets it.
        averagings: list of `PolyakAveraging` whose raw weights belong to it. `begin` sets it.
        values: dict of arrays in memory, or `None`.
        own_file: path of a file that was written here or continued from, or `None`.
    """

    def __init__(self):
        self.filepath = self.values = self.own_file = None
        self.averagings = []

    def begin(self, filepath, averagings):
        self.filepath, self.averagings, self.values = filepath, averagings, None

    def take(self, model, facts):
        """Keep the model as it is now."""
        if self.filepath is None or not self._write(model, self._copy(model, {}), facts):
            self.values = self._copy(model, self.values or {})
        else:
            self.values = None

    def give_back(self, model, facts, restore):
        """Write what could not be written before, and let the model have it if `restore`."""
        values, self.values = self.values, None
        is_pending = self.filepath is not None and values is not None
        if not (restore or is_pending):
            return
        if self.filepath is not None and values is None:
            values = self._read(model, facts)
        if values:
            after = None if restore else self._copy(model, {})
            self._assign(model, values)
            if is_pending:
                self._write(model, values, facts)
            if after:
                self._assign(model, after)

    def _write(self, model, values, facts):
        """Write the file; return whether that worked."""
        try:
            _best_file.write(self.filepath, model, {**facts, **values})
        except OSError as error:
            warn(
                f"BestSnapshot could not write {printable(self.filepath)} "
                f"({error.strerror or error}). "
                "The best is in memory, and the write will be tried again.",
            )
            return False
        self.own_file = self.filepath
        return True

    def _copy(self, model, place):
        """Copy what training has changed into the arrays of `place`, so that there is one copy."""
        for name, variable in _training_state.variables(model).items():
            value = keras.ops.convert_to_numpy(variable)
            if name in place:
                np.copyto(place[name], value)
            else:
                place[name] = np.array(value, copy=True)
        for i, averaging in enumerate(self.averagings):
            for key, value in averaging.get_state().items():
                place[f"averaging/{i}/{key}"] = value
        return place

    def _read(self, model, facts):
        """Return what the file holds, `None` with a warning if it is gone."""
        try:
            return _best_file.read_for(self.filepath, facts["monitor"], model)
        except OSError as error:
            warn(
                f"BestSnapshot could not read {printable(self.filepath)} "
                f"({error.strerror or error}): the model keeps its last weights.",
            )
            return None

    def _assign(self, model, values):
        """Give the model and its averages what was kept."""
        variables = _training_state.variables(model)
        has_optimizer = _training_state.has_optimizer_of(values, variables)
        if not has_optimizer:  # the file is of a fit before the model was compiled again
            variables = _training_state.model_variables(model)
        _training_state.assign_values(variables, values)
        for i, averaging in enumerate(self.averagings if has_optimizer else ()):
            state = _training_state.with_prefix(f"averaging/{i}/", values)
            if state:
                averaging.set_state(state)
