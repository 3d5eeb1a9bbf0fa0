"""Whether a state may go on in the `fit` that begins."""

from kerasrecipes._backend.processes import is_first, process_count, process_number
from kerasrecipes._printable import printable
from kerasrecipes._terminal import say
from kerasrecipes._warning import warn
from kerasrecipes.callbacks import _description


def data_in(description):
    """Return what a description says of the data, which each process has its own part of."""
    return {name: text for name, text in description.items() if name.startswith("data ")}


def description_of_process(state, here):
    """Return `state` with the data that this process had.

    Where that number of processes had no such process, the data are those of `here`: the first
    compares its own.
    """
    data = state.get("data_of_processes", [])
    number = process_number()
    if number == 0:
        return state
    own = data[number] if len(data) == process_count() else data_in(here)
    rest = {n: text for n, text in state["description"].items() if not n.startswith("data ")}
    return {**state, "description": {**rest, **own}}


def check_state(state, here, directory, allow, position_is_known):
    """Raise a `ValueError` that says what differs; warn of other versions.

    Args:
        state: dict, what `Resume` wrote.
        here: {name: text}, the description of the `fit` that begins.
        directory, allow: arguments of the `Resume`.
        position_is_known: bool, whether the data begin where the state was written.
    """
    names = _description.differing_names(state["description"], here, allow)
    versions = [name for name in names if name.startswith(_description.VERSIONS)]
    names = [name for name in names if name not in versions]
    if names:
        lines = _description.difference_lines(state["description"], here, names)
        raise ValueError(
            "Argument `directory` must hold the state of the same model, optimizer, callbacks and "
            "data. It differs in\n  " + "\n  ".join(lines) + "\n"
            "To begin again, delete that folder or take another"
            f"{_how_to_allow(names)}. Received: directory={str(directory)!r}, allow={allow!r}"
        )
    if versions:
        lines = _description.difference_lines(state["description"], here, versions)
        warn(
            f"The state in {printable(directory)} was written with other versions, so that the "
            "result may differ in its last digits:\n  " + "\n  ".join(lines),
        )
    if state["step"] and not position_is_known:
        raise ValueError(
            f"The state was written inside epoch {state['epoch']}, after step {state['step']}: "
            "build the data with `start_step=resume.step`, as the run that wrote it did. "
            f"Received: directory={str(directory)!r}"
        )


def say_where(directory, state, epochs):
    """Print where a run of so many epochs goes on, or that it is finished."""
    if not is_first():
        return
    if state["stopped"] or state["epoch"] >= epochs:
        say(f"The run in {printable(directory)} is finished: nothing is trained.")
    else:
        inside = f", step {state['step']}" if state["step"] else ""
        say(f"The run in {printable(directory)} resumes at epoch {state['epoch'] + 1}{inside}.")


def _how_to_allow(names):
    """Return what `allow` would have to hold; variables of other shapes cannot be restored."""
    if any(name.endswith(_description.OF_VARIABLES) for name in names):
        return ""
    return (
        "; to resume although it differs, name what may: "
        f"`allow=({_description.word_to_allow(names)!r},)`"
    )
