"""Two PyTorch processes against the whole batch: see `test_synchronized_statistics.py`."""

import numpy as np
import torch

from kerasrecipes.layers import DecorrelatedBatchNormalization
from tests.process_group import of_two_processes

METHODS = "zca", "newton"


def step(method, x, upstream):
    """Output of training, gradient by the input, running statistics."""
    layer = DecorrelatedBatchNormalization(3, method=method, synchronized=True)
    x = torch.tensor(x, dtype=torch.float32, requires_grad=True)
    y = layer(x, training=True)
    y.backward(torch.tensor(upstream, dtype=torch.float32))
    statistics = [weight.numpy() for weight in layer.non_trainable_variables]
    return y.detach().numpy(), x.grad.numpy(), statistics


def steps(x, upstream):
    """What the process of one rank computes of its part."""
    return [step(method, x, upstream) for method in METHODS]


def compare(shares):
    """Raise unless the two processes together equal one with the whole batch."""
    x = (np.random.default_rng(0).normal(size=(16, 5)) @ np.tri(5) + 3).astype("float32")
    upstream = np.random.default_rng(1).normal(size=x.shape).astype("float32")
    pieces = zip(np.split(x, [shares]), np.split(upstream, [shares]))
    found = of_two_processes(steps, tuple(pieces))
    for method, first, second in zip(METHODS, *found):
        y, gradient, statistics = step(method, x, upstream)
        np.testing.assert_allclose(np.concatenate([first[0], second[0]]), y, atol=1e-4)
        np.testing.assert_allclose(np.concatenate([first[1], second[1]]), gradient, atol=1e-3)
        for part in (first, second):
            for ours, wanted in zip(part[2], statistics):
                np.testing.assert_allclose(ours, wanted, atol=1e-5)


if __name__ == "__main__":
    for shares in (8, 13):
        compare(shares)
