"""Breaks of `optimizers`."""

from tests.breaks.table import Break

TESTS = "optimizers/test_fit_lbfgs.py"
LOSS, CHUNKS = "optimizers/_full_batch_loss.py", "optimizers/_chunks.py"

BREAKS = [
    Break(
        "fit_lbfgs", "chunks of unequal size count the same", CHUNKS,
        "fraction = rows / self.rows", "fraction = self.size / self.rows",
        f"{TESTS} -k chunks",
    ),
    Break(
        "fit_lbfgs", "a weighted mean is weighted by rows", CHUNKS,
        "elif self._reduction == WEIGHTED_MEAN and", "elif False and",
        f"{TESTS} -k chunks",
    ),
    Break(
        "fit_lbfgs", "losses of layers are left out", LOSS,
        "collect_losses=True", "collect_losses=False",
        f"{TESTS} -k losses_of_layers",
    ),
    Break(
        "fit_lbfgs", "bounds left out", "optimizers/fit_lbfgs.py",
        "bounds = loss.bounds()", "bounds = None",
        f"{TESTS} -k non_negative",
    ),
    Break(
        "fit_lbfgs", "the model is not given the weights of an iteration",
        "optimizers/_lbfgs_epochs.py",
        "self._loss.assign(intermediate_result.x)\n        evaluations", "evaluations",
        f"{TESTS} -k callbacks_see",
    ),
    Break(
        "fit_lbfgs", "the first value is used for any start", "optimizers/_lbfgs_epochs.py",
        "value if np.array_equal(start, vector) else self._loss(vector)",
        "value if value is not None else self._loss(vector)",
        f"{TESTS} -k non_negative",
    ),
    Break(
        "fit_lbfgs", "float64 is cast to float32 on PyTorch", LOSS,
        "keeping_float64(self._loss) if is_wide else self._loss", "self._loss",
        f"{TESTS} -k scikit_learn", "torch",
    ),
]  # fmt: skip
