"""Every random layer on two PyTorch processes: see `test_replica_draws.py`."""

import datetime
import multiprocessing
import os
import tempfile

import keras
import numpy as np
import torch

from tests.layers.contract_table import ROWS
from tests.layers.replica_names import COMMON


def outputs():
    """Return {name: the output for eight equal examples} of the random layers."""
    result = {}
    for name, row in ROWS.items():
        if row.draws:
            x = np.repeat(row.inputs(row.shape)[:1], 8, axis=0)
            keras.utils.set_random_seed(1)  # weights
            result[name] = row.make()(torch.tensor(x), training=True).detach().numpy()
    return result


def replica(rank, rendezvous, results):
    """One process of the group."""
    torch.distributed.init_process_group(
        "gloo",
        init_method=f"file://{rendezvous}",
        rank=rank,
        world_size=2,
        timeout=datetime.timedelta(seconds=60),
    )
    results.put((rank, outputs()))
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()


def compare():
    """Raise unless the processes drop apart, or together where one draw is for the whole batch."""
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    with tempfile.TemporaryDirectory() as folder:
        rendezvous = os.path.join(folder, "rendezvous")
        processes = [
            context.Process(target=replica, args=(rank, rendezvous, results)) for rank in range(2)
        ]
        for process in processes:
            process.start()
        found = dict(results.get(timeout=120) for _ in processes)
        for process in processes:
            process.join()
    for name, alone in outputs().items():
        equal = np.array_equal(found[0][name], found[1][name])
        assert equal == (name in COMMON), name
        if name in COMMON:
            np.testing.assert_array_equal(found[0][name], alone, err_msg=name)


if __name__ == "__main__":
    compare()
