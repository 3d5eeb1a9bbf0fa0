"""Search for good settings of a recipe: random, coarse to fine, in log space.

- `space_of`, `Range`: the flags that are searched, from texts such as `learning_rate=log:1e-4:1`.
- `Study`: the trials, in a database that several processes share; it survives every kill.
- `check_alone`: a search is for one process, not for several of one job.
- `run_trial`, `trial_line`: one training of a recipe, up to the metric of its last epoch.
- `recipe_of`: a recipe by its name or file.
- `close_search`: the table of the trials, the pictures and the report.
"""

from kerasrecipes.search.alone import check_alone
from kerasrecipes.search.closing import close_search
from kerasrecipes.search.recipe import recipe_of
from kerasrecipes.search.space import Range, settings_of, space_of
from kerasrecipes.search.study import Study
from kerasrecipes.search.trial import run_trial, trial_line

__all__ = [
    "Range",
    "Study",
    "check_alone",
    "close_search",
    "recipe_of",
    "run_trial",
    "settings_of",
    "space_of",
    "trial_line",
]
