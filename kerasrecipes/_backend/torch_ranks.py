"""PyTorch's processes under `torchrun`: each trains on its part of every batch, as one would."""

from functools import partial

from kerasrecipes._backend.keras_internals import (
    draw_from_state,
    flatten_layers,
    own_seed_generators,
    own_state_variables,
    replace_moments,
)
from kerasrecipes._backend.random_draws import OF_REPLICA
from kerasrecipes._backend.replicas import sum_over_replicas

BUCKET_BYTES = 2**26


class TorchRanks:
    """What makes `fit` in each process of a group the `fit` of one process on the whole batch.

    Parts of a batch must be of one size on all ranks. From `begin` to `end`

    - weights, states of the optimizer and seeds are those of rank 0;
    - gradients are averaged as soon as each has been computed;
    - batch normalisation, decorrelated too, takes the moments of the whole batch;
    - other statistics that layers keep are averaged after each step;
    - metrics, whose states must be sums, are summed before their result is asked for, so that no
      callback sees a rank's own. Between steps rank 0 has the sums, and the others have zeros;
    - layers with seed generators draw other numbers on each rank, as those of this package do
      anyway, whose draws for a whole batch stay common.

    The ghosts of `GhostBatchNormalization` are those of a rank's part of the batch.
    """

    def __init__(self):
        self._undo = []

    def share(self, model):
        """Give the model and its optimizer the values of rank 0; before callbacks copy them."""
        for variables in _buckets([*model.variables, *model.optimizer.variables]):
            _broadcast(variables)

    def begin(self, model):
        """Join the model of this process with those of the others."""
        self.end()
        self.share(model)
        for variable in model.trainable_variables:
            hook = variable.value.register_post_accumulate_grad_hook(_average_gradient)
            self._undo.append(hook.remove)
        for layer in flatten_layers(model):
            self._undo.extend(_share_moments(layer))
        for generator in _seed_generators_of_others(model):
            self._undo.extend(_draw_apart(generator))
        model.get_metrics_result = partial(_shared_result, model, model.get_metrics_result)
        self._undo.append(partial(delattr, model, "get_metrics_result"))

    def end(self):
        """Part the model from the others; without `begin`, nothing."""
        while self._undo:
            self._undo.pop()()


def _buckets(variables):
    """Yield lists of variables of one dtype and device, which are sent at once.

    One by one each would wait for the network, and most are small.
    """
    lists, sizes = {}, {}
    for variable in variables:
        kind, size = (variable.value.dtype, variable.value.device), variable.value.nbytes
        if kind in lists and sizes[kind] + size > BUCKET_BYTES:
            yield lists.pop(kind)
            del sizes[kind]
        lists.setdefault(kind, []).append(variable)
        sizes[kind] = sizes.get(kind, 0) + size
    yield from lists.values()


def _broadcast(variables):
    """Assign to variables the values of rank 0, which keeps its own."""
    import torch.distributed

    flat = torch.cat([variable.value.detach().reshape(-1) for variable in variables])
    torch.distributed.broadcast(flat, src=0)
    if torch.distributed.get_rank() == 0:
        return
    parts = flat.split([variable.value.numel() for variable in variables])
    for variable, part in zip(variables, parts):
        # Assigned, as the version of a tensor does not change with its `.data`.
        variable.assign(part.reshape(variable.shape))


def _average_gradient(parameter):
    import torch.distributed

    torch.distributed.all_reduce(parameter.grad)
    parameter.grad /= torch.distributed.get_world_size()


def _share_moments(layer):
    """Let a layer take the moments of the whole batch; return functions that undo it."""
    import keras

    if isinstance(layer, keras.layers.BatchNormalization):
        replace_moments(layer, partial(_moments, layer))
        return [partial(replace_moments, layer, None)]
    if getattr(layer, "synchronized", None) is False:
        layer.synchronized = True
        return [partial(setattr, layer, "synchronized", False)]
    return []


def _moments(layer, inputs, mask):
    """Return mean and variance by channel over the parts of all ranks."""
    import torch.distributed

    if mask is not None:
        raise ValueError(
            f"Layer {layer.name} must have no mask where several processes share a batch. "
            f"Received: a mask of shape {tuple(mask.shape)}"
        )
    axis = layer.axis % inputs.ndim
    axes = [number for number in range(inputs.ndim) if number != axis]
    count = torch.distributed.get_world_size()
    mean = sum_over_replicas(inputs.mean(axes, keepdim=True)) / count
    variance = sum_over_replicas((inputs - mean).square().mean(axes)) / count
    return mean.flatten(), variance


def _seed_generators_of_others(model):
    """Return all seed generators but those of this package's layers, which know ranks."""
    layers = flatten_layers(model)
    generators = [generator for layer in layers for generator in own_seed_generators(layer)]
    others = [one for one in generators if not getattr(one, "knows_replicas", False)]
    return list({id(generator): generator for generator in others}.values())


def _draw_apart(generator):
    """Let a seed generator of this rank give seeds of its own; return functions that undo it.

    Its state stays that of all ranks.
    """
    import torch.distributed

    offset = OF_REPLICA * torch.distributed.get_rank() % 2**31
    undo = [draw_from_state(generator)]
    generator.next = partial(_next_of_rank, generator.next, offset)
    return [*undo, partial(delattr, generator, "next")]


def _next_of_rank(next_state, offset, ordered=True):
    state = next_state(ordered)
    return state + state.new_tensor([offset, 0])


def _shared_result(model, result):
    """Return the metrics of all ranks; in training, average the statistics of layers.

    Afterwards rank 0 has the sums of the metrics and the others have zeros: the sum is the same,
    and what `Resume` writes on rank 0 is that of all.
    """
    import torch.distributed

    metrics = [variable.value.data for metric in model.metrics for variable in metric.variables]
    statistics = _statistics(model) if model.training else []
    states = [*metrics, *statistics]
    flat = torch.cat([state.reshape(-1).double() for state in states])
    torch.distributed.all_reduce(flat)
    count = torch.distributed.get_world_size()
    for number, part in enumerate(flat.split([state.numel() for state in states])):
        total = part if number < len(metrics) else part / count
        states[number].copy_(total.reshape(states[number].shape))
    try:
        return result()
    finally:
        if torch.distributed.get_rank():
            for metric in metrics:
                metric.zero_()


def _statistics(model):
    """Return what layers keep of the batches; frozen layers keep nothing."""
    layers = [layer for layer in flatten_layers(model) if layer.trainable]
    variables = [variable for layer in layers for variable in own_state_variables(layer)]
    tensors = [variable.value.data for variable in variables]
    return [tensor for tensor in tensors if tensor.is_floating_point()]
