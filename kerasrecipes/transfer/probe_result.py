"""What linear probes of several stages say together."""

import dataclasses

import numpy as np

from kerasrecipes.transfer.stage_probe import StageProbe

COLUMNS = {
    "fitted": "accuracy",
    "left out": "left_out_accuracy",
    "validation": "validation_accuracy",
}


@dataclasses.dataclass(frozen=True, eq=False)
class ProbeResult:
    """Linear classifiers on the stages of a network, shallow to deep; printed as a table.

    Attributes:
        stages: Tuple of `StageProbe`.
        labels: Integer array `(examples,)` of the data they were fitted to, in their order.
    """

    stages: tuple[StageProbe, ...]
    labels: np.ndarray

    @property
    def best(self):
        """The `StageProbe` of the lowest loss on examples left out, else on validation data."""
        return min(self.stages, key=_judged)

    def accuracies(self):
        """Dictionary of lists, one value a stage: those accuracies that are known."""
        found = {
            name: [getattr(probe, key) for probe in self.stages] for name, key in COLUMNS.items()
        }
        return {name: values for name, values in found.items() if None not in values}

    def summary(self):
        """A dictionary a stage of its plain figures, ready for JSON."""
        keys = ("stage", "regularization", *COLUMNS.values())
        return [{key: getattr(probe, key) for key in keys} for probe in self.stages]

    def __str__(self):
        accuracies = self.accuracies()
        width = max(len("stage"), *(len(probe.stage) for probe in self.stages))
        head = "".join(f"{name:>12}" for name in accuracies)
        lines = [f"{'stage':<{width}}  features  regularization{head}"]
        for index, probe in enumerate(self.stages):
            shares = "".join(f"{values[index]:>12.4f}" for values in accuracies.values())
            lines.append(
                f"{probe.stage:<{width}}  {len(probe.kernel):>8}  {probe.regularization:>14.4g}"
                f"{shares}"
            )
        return "\n".join(lines)


def _judged(probe):
    """The loss that a stage is judged by."""
    known = (probe.left_out_loss, probe.validation_loss, probe.loss)
    return next(loss for loss in known if loss is not None)
