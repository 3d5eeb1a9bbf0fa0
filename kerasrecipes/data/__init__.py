"""Where images come from: one call for every source.

Arrays, `.npz` files and the sample are read without TensorFlow; everything else by `tf.data`.

- `load`: a data set from the sample in the package, TensorFlow Datasets, a folder, a table of
  files and labels (CSV, TSV or a data frame), shards, an `.npz` file or arrays.
- `ImageData`: what `load` returns: the three sets and what is known about them.
- `ImageSource`: a set of images that is read by index; `ImageStream`: one that has an order only.
"""

from kerasrecipes.data.image_data import ImageData
from kerasrecipes.data.image_source import ImageSource
from kerasrecipes.data.image_stream import ImageStream
from kerasrecipes.data.load import load

__all__ = ["ImageData", "ImageSource", "ImageStream", "load"]
