"""Which layers to fine-tune, given the amount of data and their similarity to the backbone's."""

import dataclasses
from typing import Any

from kerasrecipes._validation import check_boolean, check_number
from kerasrecipes.transfer.phase import Phase

MUCH = 100
HEAD = Phase("head", epochs=40, learning_rate=1e-3)


@dataclasses.dataclass(frozen=True)
class Plan:
    """The phases of a fine-tuning, with the reason; printing shows them.

    Attributes:
        cell: str, the cell of the table in `advise`.
        reason: str, why the data belong to that cell.
        phases: tuple of `Phase`, for `fine_tune`.
        probe_stages: bool, whether to choose the stage to classify by `linear_probe` before the
            first phase.
    """

    cell: str
    reason: str
    phases: tuple[Phase, ...]
    probe_stages: bool = False

    def __str__(self):
        steps = [str(phase) for phase in self.phases]
        if self.probe_stages:
            steps.insert(0, "linear classifiers on every stage, continuing from the best")
        numbered = [f"  {number}. {step}" for number, step in enumerate(steps, start=1)]
        return "\n".join([f"{self.cell}: {self.reason}", *numbered])


def advise(examples_per_class: Any, similar: bool) -> Plan:
    """Return the fine-tuning plan of the CS231n table.

    ```
                    similar data                     different data
    little data     linear classifier on top         linear classifiers from different stages
    much data       fine-tune a few layers           fine-tune many
    ```

    Args:
        examples_per_class: float >= 1, average number of training images per class. The lecture
            gives no number; here 100 or more are much.
        similar: bool, whether the images are like those that the backbone was trained with.
            Photographs of things and animals are similar to ImageNet; drawings, X-rays, satellite
            and microscope images are not.

    Returns:
        A `Plan`; run it with `fine_tune(model, data, plan.phases)`.

    Raises:
        TypeError, ValueError: for an argument of the wrong type or out of range.

    Example:

    >>> from kerasrecipes.transfer import advise
    >>> print(advise(20, similar=True))
    linear classifier on top: little data (20 images a class, under 100), similar to the backbone's
      1. the head for 40 epochs at rate 0.001

    Reference: Li, Johnson & Yeung, CS231n, "Transfer learning with CNNs", http://cs231n.stanford.edu;
        Yosinski et al. (2014), https://arxiv.org/abs/1411.1792. Rates and epochs are ours.
    """
    check_number("examples_per_class", examples_per_class, "[1, inf)")
    check_boolean("similar", similar)
    much = examples_per_class >= MUCH
    amount = (
        f"{'much' if much else 'little'} data ({examples_per_class:g} images a class, "
        f"{f'{MUCH} or more' if much else f'under {MUCH}'})"
    )
    reason = f"{amount}, {'similar to' if similar else 'different from'} the backbone's"
    if not much and similar:
        return Plan("linear classifier on top", reason, (HEAD,))
    if not much:
        cell = "linear classifiers from different stages"
        return Plan(cell, reason, (HEAD,), probe_stages=True)
    if similar:
        deeper = Phase(1, epochs=10, learning_rate=1e-4)
        return Plan("fine-tune a few layers", reason, (HEAD, deeper))
    deeper = Phase("all", epochs=20, learning_rate=3e-4, decay=0.7)
    return Plan("fine-tune many", reason, (HEAD, deeper))
