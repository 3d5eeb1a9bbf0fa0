"""A model card of a run, with the header that model hubs read."""

import json
from typing import Any

from kerasrecipes._printable import printable

LICENCE = "unknown"
TAGS = {
    "classes": "image-classification",
    "multilabel": "image-classification",
    "regression": "image-feature-extraction",
}


def model_card(
    metrics: dict[str, Any], sentences: list[str], facts: Any, command: str | None = None
) -> str:
    """Return the text of `MODEL_CARD.md`.

    Args:
        metrics: The content of `metrics.json`.
        sentences: What the report says first: data, results, remarks.
        facts: The table of `facts_table`.
        command: str, the command that trained it. Defaults to `None`, that of `metrics`.
    """
    names = [printable(name) for name in metrics["class_names"]]
    what = {"classes": "Classes", "multilabel": "Labels", "regression": "Numbers"}[metrics["task"]]
    _, header, rows = facts
    table = "\n".join(f"| {' | '.join(row)} |" for row in [header, ["---"] * 2, *rows])
    title = f"{metrics['recipe']} on {printable(metrics['data'])}"
    return f"""{_header(metrics)}
# {title}

Trained by `{(command or metrics["command"]).replace("`", "'")}` with kerasrecipes \
{metrics["versions"]["kerasrecipes"]} and Keras {metrics["versions"]["keras"]}.

## Results

{_paragraphs(sentences)}

## Model

{table}

{what}: {", ".join(names)}.

It takes pixels in 0..255, of any size, and prepares them itself.

```python
from kerasrecipes import serving

classifier = serving.load_classifier("model.keras")
pixels = serving.read_image("photo.jpg", classifier.channels)
print(classifier.class_names, next(classifier.predict([pixels])))
```

## Limits

It was measured on images like those that it was trained on; on others it may do worse. Its answers
are among the {what.lower()} above, whatever an image shows. Licence: {LICENCE}; fill in the field
`license` above before you share it, and check the licences of the images and of the weights that
the training began with.
"""


def _header(metrics):
    """The metadata in YAML, of which JSON strings are a part."""
    test = {
        name: value
        for name, value in metrics["test"].items()
        if isinstance(value, (int, float)) and name not in ("images", "crops", "images_per_second")
    }
    values = "\n".join(
        f"      - type: {json.dumps(name)}\n        value: {value:.6g}"
        for name, value in test.items()
        if value == value
    )
    data = json.dumps(printable(metrics["data"]))
    return f"""---
library_name: keras
license: {LICENCE}
pipeline_tag: {TAGS[metrics["task"]]}
tags:
  - keras
  - kerasrecipes
model-index:
  - name: {json.dumps(metrics["recipe"])}
    results:
    - task:
        type: {TAGS[metrics["task"]]}
      dataset:
        name: {data}
        type: {data}
      metrics:
{values}
---
"""


def _paragraphs(sentences):
    return "\n\n".join(printable(sentence) for sentence in sentences)
