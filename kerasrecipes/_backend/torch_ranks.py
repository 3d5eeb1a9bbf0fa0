"""PyTorch's processes under `torchrun`: each trains on its part of every batch, as one would."""

from functools import partial

from kerasrecipes._backend.keras_internals import flatten_layers, replace_moments
from kerasrecipes._backend.replicas import sum_over_replicas


class TorchRanks:
    """What makes `fit` in each process of a group the `fit` of one process on the whole batch.

    Parts of a batch must be of one size on all ranks. From `begin` to `end`

    - weights, states of the optimizer and seeds are those of rank 0;
    - gradients are averaged as soon as each has been computed;
    - batch normalisation, decorrelated too, takes the moments of the whole batch;
    - other statistics that layers keep are averaged after each step;
    - metrics are summed before their result is asked for, so that no callback sees a rank's own.
    """

    def __init__(self):
        self._undo = []

    def begin(self, model):
        """Join the model of this process with those of the others."""
        import torch.distributed

        self.end()
        for variable in [*model.variables, *model.optimizer.variables]:
            torch.distributed.broadcast(variable.value.data, src=0)
        for variable in model.trainable_variables:
            hook = variable.value.register_post_accumulate_grad_hook(_average_gradient)
            self._undo.append(hook.remove)
        for layer in flatten_layers(model):
            self._undo.extend(_share_moments(layer))
        model.get_metrics_result = partial(_shared_result, model, model.get_metrics_result)
        self._undo.append(partial(delattr, model, "get_metrics_result"))

    def end(self):
        """Part the model from the others; without `begin`, nothing."""
        while self._undo:
            self._undo.pop()()


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


def _shared_result(model, result):
    """Return the metrics of all ranks, and average the statistics of layers.

    The metrics of this rank stay as they are, for the next batch.
    """
    import torch.distributed

    metrics = [variable.value.data for metric in model.metrics for variable in metric.variables]
    weights = [variable.value.data for variable in model.non_trainable_weights]
    statistics = [weight for weight in weights if weight.is_floating_point()]
    own = [metric.clone() for metric in metrics]
    states = [*metrics, *statistics]
    flat = torch.cat([state.reshape(-1).double() for state in states])
    torch.distributed.all_reduce(flat)
    count = torch.distributed.get_world_size()
    for number, part in enumerate(flat.split([state.numel() for state in states])):
        total = part if number < len(metrics) else part / count
        states[number].copy_(total.reshape(states[number].shape))
    results = result()
    for metric, kept in zip(metrics, own):
        metric.copy_(kept)
    return results
