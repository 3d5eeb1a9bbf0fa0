"""A plan for fine-tuning, and why."""

import dataclasses

from kerasrecipes.transfer.phase import Phase


@dataclasses.dataclass(frozen=True)
class Plan:
    """What to train, in which order, and why; `print` it.

    Attributes:
        cell: string, the cell of the lecture's table.
        reason: string, how the data led there.
        phases: tuple of `Phase`, for `fine_tune`.
        probe_stages: boolean, whether the stage to classify should be chosen by `linear_probe`
            before the first phase.
    """

    cell: str
    reason: str
    phases: tuple[Phase, ...]
    probe_stages: bool = False

    def __str__(self):
        steps = [str(phase) for phase in self.phases]
        if self.probe_stages:
            steps.insert(0, "linear classifiers on every stage; the best one is gone on with")
        numbered = [f"  {number}. {step}" for number, step in enumerate(steps, start=1)]
        return "\n".join([f"{self.cell}: {self.reason}", *numbered])
