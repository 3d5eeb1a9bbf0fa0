"""Names as keys of a dict: in nested models, several layers or weights may have the same one."""


def unique_names(layers):
    """Return a name for each layer, in order; after the first of a name they are numbered.

    >>> import keras
    >>> unique_names([keras.layers.ReLU(name=name) for name in ("a", "b", "a", "a")])
    ['a', 'b', 'a#2', 'a#3']
    """
    return numbered([layer.name for layer in layers])


def numbered(names):
    """Return the names, in order; after the first of each they are numbered.

    >>> numbered(["a", "b", "a", "a"])
    ['a', 'b', 'a#2', 'a#3']
    """
    unique = {}
    for name in names:
        key, number = name, 2
        while key in unique:
            key, number = f"{name}#{number}", number + 1
        unique[key] = name
    return list(unique)
