"""Every random layer on two PyTorch processes: see `test_replica_draws.py`."""

import keras
import numpy as np
import torch

from tests.layers.contract_table import ROWS
from tests.layers.replica_names import COMMON
from tests.process_group import of_two_processes


def outputs():
    """Return {name: the output for eight equal examples} of the random layers."""
    result = {}
    for name, row in ROWS.items():
        if row.draws:
            x = np.repeat(row.inputs(row.shape)[:1], 8, axis=0)
            keras.utils.set_random_seed(1)  # weights
            result[name] = row.make()(torch.tensor(x), training=True).detach().numpy()
    return result


def compare():
    """Raise unless the processes drop apart, or together where one draw is for the whole batch."""
    found = of_two_processes(outputs)
    for name, alone in outputs().items():
        equal = np.array_equal(found[0][name], found[1][name])
        assert equal == (name in COMMON), name
        if name in COMMON:
            np.testing.assert_array_equal(found[0][name], alone, err_msg=name)


if __name__ == "__main__":
    compare()
