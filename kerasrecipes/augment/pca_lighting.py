"""Colour offsets along the principal components of the pixels."""

from typing import Any

import keras
import numpy as np

from kerasrecipes._feature_statistics import FeatureStatistics
from kerasrecipes._validation import check_integer, check_number
from kerasrecipes.augment import decode, draws, functional, host_draws
from kerasrecipes.augment.formula_ops import formula_ops
from kerasrecipes.augment.transform import Transform

_IMAGENET_VALUES = (0.2175, 0.0188, 0.0045)
_IMAGENET_VECTORS = (
    (-0.5675, 0.7192, 0.4009),
    (-0.5808, -0.0045, -0.8140),
    (-0.5836, -0.6948, 0.4203),
)


@keras.saving.register_keras_serializable(package="kerasrecipes")
class PCALighting(Transform):
    """Adds one colour to the whole image: `255 · P · (alpha ∘ lambda)`, clipped to 0..255.

    alpha ~ N(0, stddev), one draw an image and component.

    Args:
        stddev: float >= 0, default 0.1.
        eigenvalues: C numbers in [0, inf) of the pixels on the scale [0, 1]; default
            (0.2175, 0.0188, 0.0045), those of ImageNet.
        eigenvectors: C rows of C numbers, an eigenvector in each COLUMN; default ImageNet's.

    Input shape: (H, W, C) or (N, H, W, C) in 0..255.

    Output shape: that of the input; the dtype is kept, integers are rounded.

    Raises:
        ValueError: shapes that do not match, or images with another number of channels.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes import augment
    >>> lit = augment.PCALighting()(np.full((2, 2, 3), 128.0, "float32"), seed=1)
    >>> bool(np.ptp(lit, axis=(0, 1)).max() == 0)
    True

    Reference: Krizhevsky, Sutskever & Hinton (2012), section 4.1. Eigenvalues and eigenvectors
    as in fb.resnet.torch. The paper does not say whether it clips; here it is clipped.
    """

    before_normalize = True
    has_device_form = True

    def __init__(
        self,
        stddev: float = 0.1,
        eigenvalues: Any = _IMAGENET_VALUES,
        eigenvectors: Any = _IMAGENET_VECTORS,
    ) -> None:
        check_number("stddev", stddev, "[0, inf)")
        for value in eigenvalues:
            check_number("eigenvalues", value, "[0, inf)")
        if np.shape(eigenvectors) != (len(eigenvalues), len(eigenvalues)):
            raise ValueError(
                "Argument `eigenvectors` must have a row and a column for each eigenvalue. "
                f"Received: shape={np.shape(eigenvectors)}, eigenvalues={eigenvalues}"
            )
        self.stddev = stddev
        self.eigenvalues = [float(value) for value in eigenvalues]
        self.eigenvectors = [[float(value) for value in row] for row in eigenvectors]

    @classmethod
    def from_dataset(cls, dataset: Any, stddev: float = 0.1, images: int = 10_000) -> Any:
        """Return the transform with the components of a dataset's pixels.

        Args:
            dataset: `tf.data.Dataset` of (image or encoded bytes, label), in 0..255.
            stddev: float >= 0.
            images: int >= 1, how many images to use, from the first.
        """
        check_integer("images", images, "[1, inf)")
        statistics = FeatureStatistics()
        for image, *_ in dataset.take(images):
            pixels = decode.decode(image) if decode.is_encoded(image) else image
            statistics.add(pixels.numpy().reshape(-1, pixels.shape[-1]) / 255.0)
        statistics.check_not_empty("dataset")
        values, vectors = np.linalg.eigh(statistics.covariance)
        values = np.maximum(values[::-1], 0.0)
        return cls(stddev, values.tolist(), vectors[:, ::-1].tolist())

    def apply(self, images: Any, seeds: Any) -> Any:
        return self._lit(images, draws.normal(seeds, len(self.eigenvalues)))

    def draw_on_host(self, seeds: Any, shape: Any) -> Any:
        return [host_draws.normal(seeds, len(self.eigenvalues))]

    def apply_on_device(self, images: Any, *drawn: Any) -> Any:
        return self._lit(images, *drawn)

    def _lit(self, images, normals):
        if images.shape[-1] != len(self.eigenvalues):
            raise ValueError(
                f"Argument `images` must have {len(self.eigenvalues)} channels, one for each "
                f"eigenvalue. Received: shape={tuple(images.shape)}"
            )
        alpha = self.stddev * normals
        offset = functional.lighting_offset(alpha, self.eigenvalues, self.eigenvectors)
        lit = functional.add_lighting(formula_ops(images).cast(images, "float32"), offset)
        return functional.restore_dtype(lit, images.dtype)
