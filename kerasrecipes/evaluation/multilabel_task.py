"""Several labels an image: head, loss, metrics and figures."""

import dataclasses
from typing import Any

import keras
import numpy as np

from kerasrecipes.evaluation.charts import label_scores_figure
from kerasrecipes.evaluation.classes_task import rate
from kerasrecipes.evaluation.figures import image_grid, shorten
from kerasrecipes.evaluation.multilabel_metrics import best_thresholds, multilabel_metrics
from kerasrecipes.evaluation.not_finite_sentence import not_finite_sentence
from kerasrecipes.evaluation.pick import pick_in_order

SHOWN = 32
HEADER = (
    "Label", "Average precision", "F1", "Precision", "Recall", "Threshold", "Training images",
    "Test images",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class MultilabelTask:
    """What depends on the kind of labels, for any number of labels an image.

    Args:
        thresholds: tuple of floats, from which probability on each label is predicted.

    Attributes and methods: those of `ClassesTask`.
    """

    thresholds: tuple[float, ...]

    name = "multilabel"
    activation = "sigmoid"
    headline, title = "mean_average_precision", "mAP"
    by_class = ("average_precision", "f1", "precision", "recall", "thresholds")

    def one_hot(self, images: Any) -> Any:
        return None

    def loss(self, label_smoothing: float = 0.0) -> Any:
        return keras.losses.BinaryCrossentropy(label_smoothing=label_smoothing)

    def compiled_metrics(self) -> Any:
        return [keras.metrics.F1Score(average="macro", threshold=0.5, name="f1")]

    def head(self, model: Any) -> Any:
        return model

    def head_weights(self, kernel: Any, bias: Any) -> Any:
        return [kernel, bias]

    def metrics(self, predictions: Any, labels: Any) -> Any:
        return multilabel_metrics(predictions, labels, self.thresholds)

    def fitted(self, predictions: Any, labels: Any) -> Any:
        return MultilabelTask(tuple(best_thresholds(predictions, labels).tolist()))

    def caption(self, class_names: Any, label: Any) -> str:
        return ", ".join(name for name, value in zip(class_names, label) if value > 0.5) or "none"

    def figures(self, images: Any, result: Any, crop: Any) -> Any:
        metrics = self.metrics(result.probabilities, result.labels)
        scores = {key: metrics[key] for key in ("average_precision", "f1")}
        return {
            "labels": (
                "Average precision and F1 of each label.",
                label_scores_figure(scores, images.class_names),
            ),
            "mistakes": (
                "The most confident wrong predictions.",
                self._mistakes(images, result, crop),
            ),
        }

    def sentence(self, metrics: Any) -> str:
        return (
            f"Mean average precision {metrics['mean_average_precision']:.4f} on "
            f"{metrics['images']} test images"
        )

    def remarks(self, result: Any) -> list[str]:
        metrics = self.metrics(result.probabilities, result.labels)
        broken = not_finite_sentence(result.probabilities)
        return [
            *([broken] if broken else []),
            f"F1 {metrics['macro_f1']:.4f} as mean over the labels, {metrics['micro_f1']:.4f} over "
            f"all; all labels of an image are right in {metrics['exact']:.1%}.",
        ]

    def table(self, images: Any, result: Any) -> Any:
        metrics = self.metrics(result.probabilities, result.labels)
        rows = [
            [
                name,
                *(rate(metrics[key][place]) for key in self.by_class),
                str(images.class_sizes[place]),
                str(int(result.labels[:, place].sum())),
            ]
            for place, name in enumerate(images.class_names)
        ]
        return "Labels", HEADER, rows

    def worst(self, result: Any, count: int) -> Any:
        """Return the indices of the images with the most confident wrong label."""
        highest = self._doubt(result).max(axis=1)
        wrong = np.flatnonzero(highest > 0)
        return wrong[np.argsort(-highest[wrong], kind="stable")][:count]

    def mistake(self, class_names: Any, result: Any, index: int) -> tuple[int, str, str]:
        label = int(self._doubt(result)[index].argmax())
        missing = "not " if result.labels[index, label] > 0.5 else ""
        answer = f"{missing}{shorten(class_names[label], 14)}"
        true = shorten(self.caption(class_names, result.labels[index]), 18)
        return label, f"{answer} ({result.probabilities[index, label]:.0%})", true

    def _doubt(self, result):
        """How far each probability is on the wrong side of its threshold, 0 on the right one."""
        beyond = result.probabilities - np.asarray(self.thresholds)
        return np.where((beyond >= 0) != (result.labels > 0.5), np.abs(beyond), 0)

    def _mistakes(self, images, result, crop):
        worst = self.worst(result, SHOWN)
        pixels = pick_in_order(images.test or images.validation, worst, crop)
        mistakes = [self.mistake(images.class_names, result, index) for index in worst]
        captions = [f"{answer}\nis {true}" for _, answer, true in mistakes]
        title = f"The most confident mistakes in {len(result.labels)} test images"
        return image_grid(pixels, captions, title)
