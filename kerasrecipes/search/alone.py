"""A search is for one process at a time: it shares trials, not batches."""

from kerasrecipes._backend.processes import names_of_several


def check_alone() -> None:
    """Raise where this process was started to train one model together with others.

    They would draw and report trials of their own, and each wait for the others in all of them.

    Raises:
        ValueError: as one of several processes of `torchrun`, or of those that the variables
            KERAS_DISTRIBUTION_* name.

    Example:

    >>> from kerasrecipes import search
    >>> search.check_alone()
    """
    if names := names_of_several():
        raise ValueError(
            "A search runs in one process: start it in several terminals, which share the trials, "
            "and give each its devices by --fixed devices=N. "
            f"Received: {', '.join(names)} in the environment"
        )
