"""Where images come from: one call for every source, built on `tf.data`.

- `load`: a data set from the sample in the package, TensorFlow Datasets, a folder, an `.npz`
  file or arrays.
- `ImageData`: what `load` returns: the three sets and what is known about them.
- `ImageSource`: a set of images that is read by index; `ImageStream`: one that has an order only.
"""

from kerasrecipes._backend.requirement import require_tensorflow

require_tensorflow("data")

from kerasrecipes.data.image_data import ImageData  # noqa: E402
from kerasrecipes.data.image_source import ImageSource  # noqa: E402
from kerasrecipes.data.image_stream import ImageStream  # noqa: E402
from kerasrecipes.data.load import load  # noqa: E402

__all__ = ["ImageData", "ImageSource", "ImageStream", "load"]
