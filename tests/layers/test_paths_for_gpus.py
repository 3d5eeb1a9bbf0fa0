"""The paths that a GPU takes, on the CPU, against the oracles of the other paths.

The choice is made by `on_gpu`, which is told here that every tensor is on one.
"""

import sys

import keras
import numpy as np
import pytest

from kerasrecipes import layers
from kerasrecipes._backend import masked_batch as masked_batch_module
from kerasrecipes._backend import masked_product as masked_product_module
from kerasrecipes._backend import random_draws
from kerasrecipes._backend.accelerator import on_gpu
from kerasrecipes._backend.decorrelated_batch import decorrelated_batch
from kerasrecipes._backend.masked_batch import masked_batch
from kerasrecipes._backend.normalized_groups import normalized_groups
from kerasrecipes._backend.pooled_windows import pooled_bags, pooled_windows
from kerasrecipes._backend.random_draws import _torch_next
from tests.gradients import gradient_of
from tests.layers import test_decorrelated_batch_normalization as decorrelated
from tests.layers import test_drop_connect_dense as drop_connect_dense
from tests.layers import test_drop_connect_masks as masks_of_drop_connect
from tests.layers import test_fractional_max_pooling_2d as pooling
from tests.layers import test_group_normalization as group
from tests.ops import test_fractional_max_pool as pool

BACKEND = keras.backend.backend()
only_torch = pytest.mark.skipif(BACKEND != "torch", reason="a path of PyTorch")
CHOOSING = ("group_normalization", "decorrelated_batch_normalization", "drop_connect_dense",
            "fractional_max_pooling_2d")  # fmt: skip


# On JAX and TensorFlow the path differs in the shift alone; each case compiles for seconds.
FEW = ("channels last", "instance", "one position", "no sample", "groups that divide",
       "last group smaller", "dense, no beta", "newton", "distinct")  # fmt: skip


def some(cases):
    return {name: one for name, one in cases.items() if BACKEND == "torch" or name in FEW}


GROUP, WHITE = some(group.CASES), some(decorrelated.CASES)
GRADIENTS = some(decorrelated.GRADIENTS)


@pytest.fixture
def gpu(monkeypatch):
    """Let every layer choose the path for a GPU."""
    modules = [sys.modules[f"kerasrecipes.layers.{name}"] for name in CHOOSING]
    for module in [*modules, masked_product_module]:
        monkeypatch.setattr(module, "on_gpu", lambda tensor: True)
    monkeypatch.setattr(
        sys.modules["kerasrecipes.layers._channel_groups"], "accelerator", lambda: ("gpu", True)
    )
    pooling_op = sys.modules["kerasrecipes.ops.fractional_max_pool"]

    def bags(x, *places):
        return (pooled_bags if x.is_floating_point() and x.numel() else pooled_windows)(x, *places)

    monkeypatch.setattr(pooling_op, "pooled_windows", bags)


def test_a_tensor_on_the_cpu_is_not_on_a_gpu():
    assert not on_gpu(keras.ops.ones(3)) or BACKEND != "torch"


@pytest.mark.parametrize("shape, arguments", GROUP.values(), ids=GROUP.keys())
def test_group_normalization(gpu, shape, arguments):
    group.test_forward_and_gradient(shape, arguments)


@pytest.mark.parametrize("shape", [(4, 16, 16, 8), (4, 100, 100, 4)])
@pytest.mark.parametrize("change", [lambda x: x, group.padded], ids=["even", "padded"])
def test_group_normalization_at_mean_1e4(gpu, shape, change):
    group.test_right_in_float32_at_mean_1e4(shape, change)


@pytest.mark.parametrize("dtype", ["float32", "mixed_float16", "mixed_bfloat16"])
def test_group_normalization_in_half_precision(gpu, dtype):
    group.test_statistics_are_float32_and_never_nan(dtype)


def test_gradients_of_group_normalization(gpu):
    group.test_gradients_of_all_inputs_equal_pytorchs()


@pytest.mark.parametrize("shape, arguments", WHITE.values(), ids=WHITE.keys())
def test_decorrelated_batch_normalization(gpu, shape, arguments):
    decorrelated.test_two_batches_of_training_then_inference(shape, arguments)


@pytest.mark.parametrize("x, method", GRADIENTS.values(), ids=GRADIENTS.keys())
def test_gradient_of_decorrelated_batch_normalization(gpu, x, method):
    decorrelated.test_gradient_against_differences(x, method)


@only_torch
@pytest.mark.parametrize("weights", ["gamma and beta", "gamma", "beta", "none"])
@pytest.mark.parametrize("equal", [True, False], ids=["equal eigenvalues", "distinct"])
def test_gradient_of_groups_that_divide_the_channels(weights, equal):
    import torch

    torch.manual_seed(0)
    x = torch.from_numpy(decorrelated.repeated_spectrum()[:, :4] if equal else np.eye(9, 4))
    gamma, beta = (
        torch.randn(4).double().requires_grad_() if name in weights else None
        for name in ("gamma", "beta")
    )

    def normalize(x, *given):
        given = iter(given)
        both = (None if w is None else next(given) for w in (gamma, beta))
        return decorrelated_batch(x, -1, *both, 2, 1e-3, "float64")[0]

    inputs = [x.requires_grad_(), *(w for w in (gamma, beta) if w is not None)]
    assert torch.autograd.gradcheck(normalize, inputs, rtol=1e-4)
    (gradient, *_) = torch.autograd.grad(normalize(*inputs)[0, 0], inputs, create_graph=True)
    with pytest.raises(NotImplementedError, match="second derivative"):
        gradient.sum().backward()


@pytest.mark.parametrize("group_size", [3, 4])
def test_gradients_of_gamma_and_beta(gpu, group_size):
    decorrelated.test_gradients_of_gamma_and_beta(group_size)


def test_decorrelated_batch_normalization_is_never_nan(gpu):
    decorrelated.test_never_nan("zca", "mixed_bfloat16")


def test_decorrelated_batch_normalization_far_from_zero_and_of_no_samples(gpu):
    decorrelated.test_right_in_float32_far_from_zero()
    decorrelated.test_a_batch_of_no_samples()


@only_torch
def test_a_batch_that_is_not_finite_whitens_to_nan():
    import torch

    x = torch.randn(20, 4)
    x[3, 1] = float("inf")
    y, _, whitening = decorrelated_batch(x, -1, None, None, 2, 1e-5, "float32")
    assert whitening[0].isnan().all() and whitening[1].isfinite().all()
    assert y[:, :2].isnan().any()


@pytest.mark.parametrize("window", [1, 2, 3])
def test_pooling(gpu, window):
    if BACKEND != "torch":
        pytest.skip("one path on every device")
    pool.test_windows_equal_a_loop(window, "channels_last")
    pool.test_windows_equal_a_loop(window, "channels_first")
    pool.test_disjoint_regions_equal_a_loop()
    pool.test_no_samples()


@only_torch
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "int32"])
def test_pooling_of_other_types(gpu, dtype):
    pool.test_other_types_and_infinities(dtype)


@only_torch
@pytest.mark.parametrize("window", [1, 2, 3])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_gradient_of_pooling(gpu, window, data_format, monkeypatch):
    pool.test_the_gradient_is_that_of_the_largest_element(window, data_format, monkeypatch)


@only_torch
def test_a_nan_is_not_lost_in_pooling():
    import torch

    x, places = torch.zeros(2, 4, 4, 3), torch.tensor([[0, 2]])
    x[1, 1, 1, 2] = float("nan")  # not the first of its window
    y = pooled_bags(x, [places, places + 1], [places, places + 1])
    assert y.flatten()[0].isnan() and y.flatten()[1:].isfinite().all()


@only_torch
@pytest.mark.parametrize("pseudo_random", [True, False])
def test_regions_drawn_on_a_gpu(gpu, pseudo_random):
    layer = layers.FractionalMaxPooling2D(1.5, pseudo_random, overlapping=False, seed=3)
    for shape in ((20, 9, 9, 1), (20, 9, 12, 1)):
        rows, columns = layer._regions(keras.ops.zeros(shape), training=True)
        for starts, size in ((rows, shape[1]), (columns, shape[2])):
            starts = keras.ops.convert_to_numpy(starts)
            assert starts.shape == (20, 1 + int(size / 1.5))
            assert (starts[:, 0] == 0).all() and (starts[:, -1] == size).all()
            assert set(np.diff(starts).ravel()) <= {1, 2}
            assert len(np.unique(starts, axis=0)) > 1
        assert not np.array_equal(*(keras.ops.convert_to_numpy(s)[:, :7] for s in (rows, columns)))


@only_torch
def test_pooling_in_a_layer(gpu):
    pooling.test_a_seed_repeats_the_sequence_and_each_step_differs()
    pooling.test_channels_first_is_the_transpose()


def test_masked_products(gpu):
    if BACKEND != "torch":  # which has a function of its own for GPUs
        masks_of_drop_connect.test_products_and_their_gradients()


@pytest.mark.parametrize("samples", [1, 7, 8, 9])
def test_drop_connect(gpu, samples):
    masks_of_drop_connect.test_a_batch_need_not_be_a_multiple_of_eight(samples)


def test_moments_of_drop_connect(gpu):
    drop_connect_dense.test_training_has_the_moments_of_all_masks("example")
    drop_connect_dense.test_half_precision_has_the_moments_of_float32()


@only_torch
@pytest.mark.parametrize("samples", [21, 24])
@pytest.mark.parametrize("with_bias", [True, False])
@pytest.mark.parametrize("values", [2**28, 1])
def test_masked_batch_and_its_gradients(samples, with_bias, values, monkeypatch):
    import torch

    monkeypatch.setattr(masked_batch_module, "_VALUES", values)  # all at once, eight at a time
    torch.manual_seed(0)
    tensors = [torch.randn(*shape).double() for shape in ((samples, 5), (5, 7), (7,))]
    x, kernel, bias = (tensor.requires_grad_() for tensor in tensors)
    masks = torch.randint(0, 256, (3, 5 + with_bias, 7), dtype=torch.uint8)
    bits = torch.from_numpy(masks_of_drop_connect.bits_of(masks)[:samples]).double()
    expected = torch.einsum("ni,niu->nu", x, bits[:, :5] * kernel)
    inputs = (x, kernel)
    if with_bias:
        expected, inputs = expected + bits[:, 5] * bias, (x, kernel, bias)

    def product(x, kernel, bias=None):
        return masked_batch(x, kernel, bias, masks)

    torch.testing.assert_close(product(*inputs), expected)
    assert torch.autograd.gradcheck(product, inputs)
    assert torch.autograd.gradgradcheck(product, inputs)
    check_compiled(product, inputs, expected)


@only_torch
@pytest.mark.parametrize("axis, groups", [(-1, 3), (1, 2), (2, 5)])
def test_second_derivative_and_compilation_of_group_normalization(axis, groups):
    import torch

    torch.manual_seed(0)
    x = torch.randn(3, 4, 5, 6).double().requires_grad_()
    gamma, beta = (torch.randn(x.shape[axis]).double().requires_grad_() for _ in range(2))

    def normalize(x, gamma, beta):
        return normalized_groups(x, axis, gamma, beta, groups, 1e-3, "float64", "float64")

    moved = torch.nn.functional.group_norm(x.movedim(axis, 1), groups, gamma, beta, 1e-3)
    expected = moved.movedim(1, axis)
    torch.testing.assert_close(normalize(x, gamma, beta), expected)
    assert torch.autograd.gradgradcheck(normalize, (x, gamma, beta))
    check_compiled(normalize, (x, gamma, beta), expected)


@only_torch
def test_second_derivative_and_compilation_of_pooling():
    import torch

    torch.manual_seed(0)
    x = torch.randn(2, 6, 5, 2).double().requires_grad_()
    rows, columns = torch.tensor([[0, 1, 3], [0, 2, 4]]), torch.tensor([[0, 2], [1, 3]])

    def bags(x):
        return pooled_bags(x, [rows, rows + 1], [columns, columns + 1])

    assert torch.autograd.gradgradcheck(bags, (x,))
    check_compiled(bags, (x,), bags(x))


def check_compiled(function, inputs, expected):
    """The function compiles without a break in its graph, and gives the same."""
    import torch

    torch._dynamo.reset()
    compiled = torch.compile(function, fullgraph=True, backend="aot_eager")
    y = compiled(*inputs)
    torch.testing.assert_close(y, expected)
    upstream = torch.randn_like(y)
    found = torch.autograd.grad(y, inputs, upstream)
    torch.testing.assert_close(found, torch.autograd.grad(expected, inputs, upstream))


@only_torch
def test_the_state_of_a_seed_generator_is_known_without_reading_it():
    ours, keras_own = keras.random.SeedGenerator(5), keras.random.SeedGenerator(5)
    for _ in range(3):
        assert list(_torch_next(ours)) == keras_own.next().tolist()
    ours.state.assign([7, 9])  # as when a checkpoint is loaded
    assert list(_torch_next(ours)) == [7, 9]
    with keras.StatelessScope():
        assert list(_torch_next(ours)) == [7, 10]
    assert list(_torch_next(ours)) == [7, 10]
    ours.next()
    assert list(_torch_next(ours)) == [7, 12]


@only_torch
def test_reading_back_is_needed_once(monkeypatch):
    import torch

    generator, reads = keras.random.SeedGenerator(5), []
    to_list = torch.Tensor.tolist
    monkeypatch.setattr(torch.Tensor, "tolist", lambda self: reads.append(1) or to_list(self))
    for _ in range(4):
        _torch_next(generator)
    assert len(reads) == 1


@pytest.mark.skipif(BACKEND == "torch", reason="the path of JAX and TensorFlow")
def test_gradient_of_fused_products_is_of_the_vectors_in_order(gpu):
    rng = np.random.default_rng(1)
    masks = keras.ops.convert_to_tensor(rng.integers(0, 256, (2, 3, 4)).astype("uint8"))
    x, kernel = (keras.ops.convert_to_tensor(rng.normal(size=s).astype("float32"))
                 for s in ((16, 3), (3, 4)))  # fmt: skip
    upstream = np.zeros((16, 4))
    upstream[9] = 1
    found = gradient_of(
        lambda x: masked_product_module.masked_product(x, kernel, masks), x, upstream
    )
    assert (found[np.arange(16) != 9] == 0).all() and (found[9] != 0).any()


@only_torch
@pytest.mark.parametrize("share", [0.5, 0.7])
def test_bits_drawn_at_once_are_as_frequent_as_stated(share, monkeypatch):

    class Device:
        type = "cuda"

    at_once = random_draws.torch_words_at_once
    device = random_draws._torch_device()
    devices = iter([Device, device])
    monkeypatch.setattr(random_draws, "_torch_device", lambda: next(devices))
    calls = []
    monkeypatch.setattr(
        random_draws, "torch_words_at_once", lambda *given: calls.append(given) or at_once(*given)
    )
    masks = random_draws.draw_bits((50, 40, 50), share, keras.random.SeedGenerator(0))
    bits = masks_of_drop_connect.bits_of(masks).astype(float)
    assert len(calls) == 1 and masks.shape == (50, 40, 50)
    assert abs(bits.mean() - share) < 5 * np.sqrt(share * (1 - share) / bits.size) + 2**-17
    assert abs(np.corrcoef(bits[:-1].ravel(), bits[1:].ravel())[0, 1]) < 0.005
