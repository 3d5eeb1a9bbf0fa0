"""Sets of TensorFlow Datasets."""


def read_tfds(source):
    """The sets of a data set of TensorFlow Datasets."""
    raise ImportError(f"tfds:{source}: not yet read")
