"""The stages of a network: the last layer at each spatial resolution."""

import keras

from kerasrecipes.models._layer_graph import LayerGraph

PADDING = (keras.layers.ZeroPadding2D, keras.layers.Cropping2D)
GLOBAL_POOLING = (keras.layers.GlobalAveragePooling2D, keras.layers.GlobalMaxPooling2D)


def stages(model: keras.Model) -> list[str]:
    """Return the last layer at each spatial resolution, from shallow to deep.

    A new stage begins when the side is at most half, rounded up, of the largest side in the stage
    before; convolutions without padding therefore begin none. The last layer of a stage is the last
    one outside the branches of blocks: all later layers depend on it. If a stage has none, as in
    NASNet, it is the last layer that joins branches. Layers before the first weights and padding
    layers form no stage. Operations without a layer (`x + y`) have no name: the last layer before
    them is returned.

    Args:
        model: functional `keras.Model` of images `(batch, height, width, channels)`, with one
            input and one output: a backbone, or a classifier on top of one. The layers of a nested
            model are not searched. An unknown height or width counts as 512.

    Returns:
        list of layer names. The last is the final feature map, before the classifier's pooling.

    Raises:
        ValueError: If the model is not functional, has several inputs or outputs, or has no
            feature map.

    Example:

    >>> from kerasrecipes.models import stages
    >>> from kerasrecipes import models
    >>> stages(models.resnet(20, (32, 32, 3), classes=10))
    ['stage1_block3_relu', 'stage2_block3_relu', 'stage3_block3_relu']
    """
    graph = LayerGraph(model)
    maps = _feature_maps(graph)
    trunk = [position for position in maps if graph.is_trunk(position)]
    if not trunk:
        raise ValueError(
            "Argument `model` must have a feature map (batch, height, width, channels) that "
            f"depends on weights. Received: model={model.name!r}"
        )
    sides = {position: side for position, side in maps.items() if side >= maps[trunk[-1]]}
    lasts = [_last(graph, positions) for positions in _halvings(sides)]
    return [graph.name(position) for position in sorted(lasts)]


def _feature_maps(graph):
    """Return {position: side} of the layers from the first weights to global pooling."""
    maps, weighted = {}, False
    for position in range(len(graph)):
        layer, shape = graph.layer(position), graph.shape(position)
        if shape is None:
            continue
        pooled = isinstance(layer, GLOBAL_POOLING) or len(shape) != 4
        if weighted and pooled and graph.is_trunk(position):
            break
        weighted = weighted or _has_learned_weights(layer)
        if weighted and not pooled and not isinstance(layer, PADDING):
            maps[position] = max(shape[1:3])
    return maps


def _has_learned_weights(layer):
    return bool(layer.weights) and not isinstance(layer, keras.layers.Normalization)


def _halvings(sides):
    """Return a list of positions for each halving of the side."""
    groups, largest = [], None
    for position, side in sorted(sides.items(), key=lambda item: -item[1]):
        if largest is None or side < largest and side <= (largest + 1) // 2:
            groups.append([])
            largest = side
        groups[-1].append(position)
    return groups


def _last(graph, positions):
    trunk = [position for position in positions if graph.is_trunk(position)]
    joins = [position for position in positions if graph.joins(position)]
    return max(trunk or joins or positions)
