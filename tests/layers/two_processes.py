"""Two PyTorch processes against the whole batch: see `test_synchronized_statistics.py`."""

import datetime
import multiprocessing
import os
import tempfile

import numpy as np
import torch

from kerasrecipes.layers import DecorrelatedBatchNormalization


def step(method, x, upstream):
    """Output of training, gradient by the input, running statistics."""
    layer = DecorrelatedBatchNormalization(3, method=method, synchronized=True)
    x = torch.tensor(x, dtype=torch.float32, requires_grad=True)
    y = layer(x, training=True)
    y.backward(torch.tensor(upstream, dtype=torch.float32))
    statistics = [weight.numpy() for weight in layer.non_trainable_variables]
    return y.detach().numpy(), x.grad.numpy(), statistics


def replica(rank, rendezvous, x, upstream, results):
    """One process of the group."""
    torch.distributed.init_process_group(
        "gloo",
        init_method=f"file://{rendezvous}",
        rank=rank,
        world_size=2,
        timeout=datetime.timedelta(seconds=60),
    )
    found = [step(method, x, upstream) for method in ("zca", "newton")]
    results.put((rank, found))
    torch.distributed.destroy_process_group()


def compare(shares):
    """Raise unless the two processes together equal one with the whole batch."""
    x = (np.random.default_rng(0).normal(size=(16, 5)) @ np.tri(5) + 3).astype("float32")
    upstream = np.random.default_rng(1).normal(size=x.shape).astype("float32")
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    with tempfile.TemporaryDirectory() as folder:
        rendezvous = os.path.join(folder, "rendezvous")
        pieces = zip(np.split(x, [shares]), np.split(upstream, [shares]))
        processes = [
            context.Process(target=replica, args=(rank, rendezvous, *piece, results))
            for rank, piece in enumerate(pieces)
        ]
        for process in processes:
            process.start()
        found = [
            found
            for _, found in sorted(
                (results.get(timeout=120) for _ in processes), key=lambda item: item[0]
            )
        ]
        for process in processes:
            process.join()
    for method, first, second in zip(("zca", "newton"), *found):
        y, gradient, statistics = step(method, x, upstream)
        np.testing.assert_allclose(np.concatenate([first[0], second[0]]), y, atol=1e-4)
        np.testing.assert_allclose(np.concatenate([first[1], second[1]]), gradient, atol=1e-3)
        for part in (first, second):
            for ours, wanted in zip(part[2], statistics):
                np.testing.assert_allclose(ours, wanted, atol=1e-5)


if __name__ == "__main__":
    for shares in (8, 13):
        compare(shares)
