"""What a state of `Resume` says of the training that wrote it."""

from kerasrecipes._backend.processes import of_all
from kerasrecipes.callbacks import _description, _fit, _fit_data, _training_state
from kerasrecipes.callbacks._resumed_state import data_in


class TrainingDescription:
    """Model, callbacks, size of an epoch, data and versions, as {name: text}.

    Args:
        resume: `Resume`, in a `fit` that begins.
        companions: list of the other callbacks of that `fit`.
        position_is_known: bool, whether the data begin where the state was written.

    Attributes:
        companions: {name: callback}, the same names in the next process.
        data_of_processes: list, what each process says of its data.
        was_built: bool, whether the model's variables are described.
    """

    def __init__(self, resume, companions, position_is_known):
        model, steps = resume.model, resume.params["steps"]
        self.companions = dict(zip(_fit.names(companions), companions))
        self.was_built = _training_state.is_built(model)
        self._options = {
            **_description.describe_model(model),
            "steps_per_epoch": str(steps),
            "steps_per_execution": str(model.steps_per_execution),
            **_description.describe_callbacks(self.companions),
            **_fit_data.describe_data(model, position_is_known),
            **_fit_data.describe_given(resume.data),
            **_description.describe_versions(),
        }
        self.data_of_processes = of_all(data_in(self._options))

    def now(self, model):
        """Return it with the variables; a model that the data build is described when it is."""
        if not self.was_built and _training_state.is_built(model):
            config = _description.describe_model(model)
            self._options = {
                **{n: v for n, v in self._options.items() if not n.startswith("model.config")},
                **{n: v for n, v in config.items() if n.startswith("model.config")},
            }
            self.was_built = True
        return {**_training_state.describe_variables(model), **self._options}
