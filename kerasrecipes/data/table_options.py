"""Which columns of a table hold what."""

import dataclasses
from collections.abc import Sequence

from kerasrecipes._validation import check_choice
from kerasrecipes.data.label_values import TASKS


@dataclasses.dataclass(frozen=True)
class TableOptions:
    """The arguments of `load` that are for tables; `None` is a column with a usual name."""

    task: str = "classes"
    image_column: str | None = None
    label_column: str | Sequence[str] | None = None
    split_column: str | None = None
    weight_column: str | None = None

    def __post_init__(self):
        check_choice("task", self.task, TASKS)

    def check_no_effect(self, source):
        """Raise where options of a table are given for another source."""
        if self != TableOptions():
            given = {name: value for name, value in vars(self).items() if value is not None}
            raise ValueError(
                f"{source}: columns and a task are for a CSV file or a pandas frame. "
                f"Received: {given}"
            )
