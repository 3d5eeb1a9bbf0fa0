"""Products of vectors with one matrix, with one mask per vector; the masks are stored as bits."""

import keras
import numpy as np
from keras import ops

from kerasrecipes._backend.accelerator import on_gpu

LANES = 8
_ONE = np.uint8(1)
_LANES = np.arange(LANES, dtype="uint8")[:, None, None]


def masked_product(x, kernel, masks):
    """Return y with y[n] = x[n] · (kernel where bit n % 8 of masks[n // 8] is 1, else 0).

    Forward and backward, only eight masked kernels exist at a time, which fit into the cache. The
    bits, 1/32 of the size of float32 masks, are kept for the backward pass. On TensorFlow both are
    always compiled by XLA: as separate operations they take four times as long. On a GPU XLA fuses
    each of the three products into one kernel, in which no masked kernel exists at all.

    Args:
        x: Tensor of shape `(8 * groups, inputs)`.
        kernel: Tensor of shape `(inputs, units)` and the dtype of x.
        masks: uint8 tensor of shape `(groups, inputs, units)`.

    Returns:
        Tensor of shape `(8 * groups, units)`.
    """
    if keras.backend.backend() == "torch":
        return _in_torch(x, kernel, masks)
    ways = (_fused_forward, _fused_backward) if on_gpu(x) else (_forward, _backward)
    forward, backward = map(_compiled, ways)

    @ops.custom_gradient
    def product(x, kernel):
        def gradient(*args, upstream=None):
            return backward(x, kernel, masks, args[0] if upstream is None else upstream)

        # Hidden from TensorFlow's eager tape, which would compute the function's own gradient too.
        y = forward(ops.stop_gradient(x), ops.stop_gradient(kernel), masks)
        return y, gradient

    return product(x, kernel)


def _compiled(function):
    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(function)
    import tensorflow as tf

    return tf.function(function, jit_compile=True)


def _forward(x, kernel, masks):
    def group(arguments):
        mask, vectors = arguments
        return ops.matmul(vectors[:, None], _bits(mask, kernel.dtype) * kernel)[:, 0]

    return ops.reshape(ops.map(group, (masks, _grouped(x))), (-1, kernel.shape[1]))


def _backward(x, kernel, masks, upstream):
    def bit(index):
        place = ops.cast(index % LANES, "uint8")
        return ops.bitwise_and(ops.right_shift(masks[index // LANES], place), _ONE) != 0

    def to_vector(arguments):
        index, change = arguments
        return ops.matmul(ops.where(bit(index), kernel, ops.zeros_like(kernel)), change)

    def add_outer(index, total):
        outer = x[index][:, None] * upstream[index]
        return total + ops.where(bit(index), outer, ops.zeros_like(outer))

    count = ops.shape(x)[0]
    to_x = ops.map(to_vector, (ops.arange(count, dtype="int32"), upstream))
    return to_x, ops.fori_loop(0, count, add_outer, ops.zeros_like(kernel))


def _fused_forward(x, kernel, masks):
    products = _grouped(x)[..., None] * kernel
    return ops.reshape(ops.sum(_where(masks, products), axis=2), (-1, kernel.shape[1]))


def _fused_backward(x, kernel, masks, upstream):
    changes = _grouped(upstream)[:, :, None]
    to_x = ops.sum(_where(masks, kernel * changes), axis=3)
    to_kernel = ops.sum(_where(masks, _grouped(x)[..., None] * changes), axis=(0, 1))
    return ops.reshape(to_x, (-1, kernel.shape[0])), to_kernel


def _where(masks, values):
    """Return values, of shape `(groups, 8, inputs, units)`, where their bits are 1, else 0."""
    bits = ops.bitwise_and(ops.right_shift(masks[:, None], _LANES), _ONE)
    return ops.where(bits != 0, values, ops.zeros((), values.dtype))


def _bits(mask, dtype):
    """Return the eight masks of a group as numbers 0 and 1."""
    return ops.cast(ops.bitwise_and(ops.right_shift(mask[None], _LANES), _ONE), dtype)


def _grouped(x):
    return ops.reshape(x, (-1, LANES, x.shape[1]))


def _in_torch(x, kernel, masks):
    import torch

    class Product(torch.autograd.Function):
        @staticmethod
        def forward(context, x, kernel, masks):
            context.save_for_backward(x, kernel, masks)
            y = x.new_empty((x.shape[0], 1, kernel.shape[1]))
            scaled = _unscaled(x)
            for place, masked in _masked_kernels(masks, x.dtype):
                masked.mul_(kernel)
                torch.bmm(scaled[place, None], masked, out=y[place])
            return y[:, 0]

        @staticmethod
        def backward(context, upstream):
            x, kernel, masks = context.saved_tensors
            to_x = x.new_empty((x.shape[0], 1, x.shape[1]))
            to_kernel = torch.zeros_like(kernel)
            scaled, changes = _unscaled(x), _unscaled(upstream)
            outer = x.new_empty((LANES, *kernel.shape))
            for place, masked in _masked_kernels(masks, x.dtype):
                torch.mul(masked, scaled[place, :, None], out=outer)
                to_kernel += outer.mul_(upstream[place, None]).sum(0)
                masked.mul_(kernel)
                torch.bmm(changes[place, None], masked.transpose(1, 2), out=to_x[place])
            return to_x[:, 0], to_kernel, None

    return torch.compiler.disable(Product.apply)(x, kernel, masks)


def _masked_kernels(masks, dtype):
    """Yield pairs (slice of rows, their masks times 2^(n % 8)), all in one buffer."""
    import torch

    lanes = 2 ** torch.arange(LANES, dtype=torch.uint8, device=masks.device)[:, None, None]
    bits = masks.new_empty((LANES, *masks.shape[1:]))
    masked = torch.empty(bits.shape, dtype=dtype, device=masks.device)
    for group, mask in enumerate(masks):
        torch.bitwise_and(mask, lanes, out=bits)
        masked.copy_(bits)
        yield slice(LANES * group, LANES * (group + 1)), masked


def _unscaled(x):
    """Return x[n] / 2^(n % 8), which is exact for a power of two."""
    import torch

    lanes = 2.0 ** -torch.arange(LANES, dtype=x.dtype, device=x.device)
    return (x.view(-1, LANES, x.shape[1]) * lanes[:, None]).view(x.shape)
