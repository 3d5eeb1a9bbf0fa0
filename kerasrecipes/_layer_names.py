"""Names of layers as keys of a dict: in nested models, several layers may have the same one."""


def unique_names(layers):
    """Return a name for each layer, in order; after the first of a name they are numbered.

    >>> import keras
    >>> unique_names([keras.layers.ReLU(name=name) for name in ("a", "b", "a", "a")])
    ['a', 'b', 'a#2', 'a#3']
    """
    names = {}
    for layer in layers:
        name, number = layer.name, 2
        while name in names:
            name, number = f"{layer.name}#{number}", number + 1
        names[name] = layer
    return list(names)
