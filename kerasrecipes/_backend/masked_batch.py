"""Products of vectors with one matrix, with one mask per vector, for PyTorch on a GPU."""

import functools

from kerasrecipes._backend.differentiable_again import gradients_of_formula

LANES = 8
_VALUES = 2**28  # values of masked kernels at a time: 1 GiB of float32


def masked_batch(x, kernel, bias, masks):
    """Return y[n] = x[n] · (M[n] ∗ kernel) + m[n] ∗ bias.

    M[n], and m[n] as its last row if there is a bias, are bit n % 8 of masks[n // 8]. The masked
    kernels of all vectors exist at once: three kernels forward and four backward, where the path
    for the CPU needs dozens.

    Args:
        x: Tensor `(vectors, inputs)`.
        kernel: Tensor `(inputs, units)` of the dtype of x.
        bias: Tensor `(units,)`, or `None`.
        masks: uint8 tensor `(groups, inputs, units)`, or `(groups, inputs + 1, units)` with a
            bias; 8 · groups >= vectors.

    Returns:
        Tensor `(vectors, units)`.
    """
    import torch

    if torch.compiler.is_compiling():
        return _formula(x, kernel, bias, masks)
    return _function().apply(x, kernel, bias, masks)


def _formula(x, kernel, bias, masks):
    import torch

    kernel, x = _with_bias(x, kernel, bias)
    places = torch.arange(LANES, dtype=torch.uint8, device=masks.device)[:, None, None]
    bits = (masks[:, None] >> places & 1).view(-1, *masks.shape[1:])[: len(x)]
    return torch.bmm(x[:, None], bits * kernel)[:, 0]


def _with_bias(x, kernel, bias):
    """Return kernel and vectors with the bias as the weight of one more input, which is 1."""
    import torch

    if bias is None:
        return kernel, x
    return torch.cat([kernel, bias[None]]), torch.cat([x, x.new_ones((len(x), 1))], dim=1)


def _lanes(masks, dtype):
    """Return 1, 2, 4 ... 128 as bytes, and 2^(-n % 8) for each vector n, which is exact."""
    import torch

    lanes = 2 ** torch.arange(LANES, dtype=torch.uint8, device=masks.device)
    return lanes[:, None, None], lanes.to(dtype).reciprocal_().repeat(len(masks))[:, None]


def _pieces(masks, lanes, count):
    """Yield pairs (slice of vectors, their masks times 2^(n % 8))."""
    import torch

    size = max(1, _VALUES // (LANES * masks[0].numel()))
    for start in range(0, -(-count // LANES), size):
        piece = masks[start : start + size]
        bits = torch.bitwise_and(piece[:, None], lanes).view(-1, *masks.shape[1:])
        place = slice(LANES * start, min(count, LANES * (start + size)))
        yield place, bits[: place.stop - place.start]


@functools.cache
def _function():
    import torch

    class MaskedBatch(torch.autograd.Function):
        @staticmethod
        def forward(context, x, kernel, bias, masks):
            context.save_for_backward(x, kernel, bias, masks)
            kernel, x = _with_bias(x, kernel, bias)
            lanes, scale = _lanes(masks, x.dtype)
            context.kept = x, lanes, scale[: len(x)]
            scaled, y = x * scale[: len(x)], x.new_empty((len(x), 1, kernel.shape[1]))
            for place, bits in _pieces(masks, lanes, len(x)):
                torch.bmm(scaled[place, None], bits * kernel, out=y[place])
            return y[:, 0]

        @staticmethod
        def backward(context, upstream):
            *inputs, masks = context.saved_tensors
            if torch.is_grad_enabled():
                formula = functools.partial(_formula, masks=masks)
                return *gradients_of_formula(formula, inputs, upstream), None
            wanted = context.needs_input_grad
            return *_gradients(upstream, wanted, inputs[1], masks, *context.kept), None

    return MaskedBatch


def _gradients(upstream, wanted, kernel, masks, vectors, lanes, scale):
    import torch

    inputs, (to_x, _, to_bias, _) = len(kernel), wanted
    x_parts, scaled = [], upstream * scale
    to_kernel = vectors.new_zeros((vectors.shape[1], 1, kernel.shape[1]))
    for place, bits in _pieces(masks, lanes, len(vectors)):
        change = (bits * scaled[place, None]).transpose(0, 1)  # (inputs, vectors, units)
        to_kernel.baddbmm_(vectors[place].mT[:, None], change)
        if to_x:
            x_parts.append(torch.bmm(change[:inputs], kernel[:, :, None])[..., 0].mT)
    of_x = torch.cat(x_parts) if to_x else None
    return of_x, to_kernel[:inputs, 0], to_kernel[-1, 0] if to_bias else None
