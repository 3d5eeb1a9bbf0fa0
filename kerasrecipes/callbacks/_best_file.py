"""A `.keras` file with all that Keras leaves out of it, written atomically."""

import os
import zipfile

from kerasrecipes._atomic_write import atomic_write
from kerasrecipes._backend.processes import by_first
from kerasrecipes._printable import printable
from kerasrecipes._terminal import say
from kerasrecipes._validation import check_path
from kerasrecipes._warning import warn
from kerasrecipes.callbacks import _description, _state_file, _training_state
from kerasrecipes.callbacks._writable_folder import make_folder

ENTRY = "kerasrecipes.state"
DESCRIPTION = "description"  # of the model and its compilation when the `fit` of the best began


def check_model_path(filepath):
    """Raise unless `filepath` is a path that ends with .keras."""
    check_path("filepath", filepath)
    if not str(filepath).endswith(".keras"):
        raise ValueError(
            f"Argument `filepath` must end with '.keras'. Received: filepath={str(filepath)!r}"
        )


def read_for(filepath, monitor, model):
    """Return the state in the file, checked to be of the same monitor and architecture."""
    return by_first(_read_for, filepath, monitor, model)


def _read_for(filepath, monitor, model):
    state = read(filepath)
    if state["monitor"] != monitor:
        raise ValueError(
            f"Argument `filepath` must hold the best by {monitor!r}; it holds that by "
            f"{state['monitor']!r}. Received: filepath={str(filepath)!r}"
        )
    if model.built:
        check_architecture(filepath, state, model)
    return state


def check_architecture(filepath, state, model):
    """Raise a `ValueError` unless the weights in a state are those of `model`."""
    here = _training_state.shapes(_training_state.model_variables(model))
    there = _training_state.shapes(_training_state.of_model(state))
    if here != there:
        names = [name for name in {**there, **here} if there.get(name) != here.get(name)]
        name = names[0]
        raise ValueError(
            f"Argument `filepath` must hold a model of the same architecture. {name} has shape "
            f"{there.get(name, 'absent')} in the file, {here.get(name, 'absent')} here; remove the "
            "file or say `resume=False` to begin with no best. "
            f"Received: filepath={str(filepath)!r}"
        )


def description_of(model):
    """Return {name: text} of a model that has not been trained yet, {} of one that has.

    Training changes its rate, and the script that trains it again means to continue.
    """
    optimizer = getattr(model, "optimizer", None)
    has_begun = optimizer is not None and int(optimizer.iterations) > 0
    return {} if has_begun else _description.describe_model(model)


def difference(state, here):
    """Return in words where the training that wrote a state differs from the one here, or ""."""
    there = state.get(DESCRIPTION)
    if not (there and here):
        return ""
    names = _description.differing_names(there, here)
    return "; ".join(_description.difference_lines(there, here, names, most=2, where="file"))


def say_continues(filepath, state, reason):
    """Say from which best training continues; warn with a reason why it may be another's."""
    text = (
        f"BestSnapshot continues from {state['monitor']} {state['best']:.4g} of epoch "
        f"{state['best_epoch'] + 1} in {printable(filepath)}"
    )
    if reason:
        warn(
            f"{text}, which seems to be of another training ({reason}): unless this one gets "
            "better, its result is that file's model. For a training of its own say "
            "`resume=False`, take another `filepath`, or delete the file."
        )
    else:
        say(f"{text}.")


def check_folder(filepath):
    """Make the folder; raise a `ValueError` if it cannot be written."""
    folder = os.path.dirname(filepath) or "."
    by_first(make_folder, folder, "filepath", filepath, "lie in a folder")


def exists(filepath):
    """Return whether there is a file."""
    return by_first(os.path.exists, filepath)


def write(filepath, model, state):
    """Save the model and `state` in one file: a kill leaves the old one or the new one."""
    by_first(_write, filepath, model, state)


def _write(filepath, model, state):
    os.makedirs(os.path.dirname(filepath) or ".", exist_ok=True)
    with atomic_write(filepath) as temporary:
        model.save(temporary)
        with zipfile.ZipFile(temporary, "a") as archive, archive.open(ENTRY, "w") as entry:
            _state_file.write_body(entry, state)


def read(filepath):
    """Return the state in the file, or raise a `ValueError` that names the file."""
    try:
        with zipfile.ZipFile(filepath) as archive:
            return _state_file.parse(archive.read(ENTRY))
    except (zipfile.BadZipFile, KeyError, _state_file.BadStateFile) as error:
        raise ValueError(
            "Argument `filepath` must be a file that BestSnapshot wrote, or none at all. "
            f"Received: filepath={str(filepath)!r}"
        ) from error
