"""What every transform shares: its configuration, and one path for an image and for a batch."""

import inspect
from typing import Any

from kerasrecipes._backend.requirement import has_tensorflow
from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes.augment.array_transform import apply_to_array
from kerasrecipes.augment.draws import as_seed
from kerasrecipes.augment.pixel_values import check_dtype


class Transform:
    """A callable `transform(image, seed) -> image`.

    A subclass stores its options under their own names and defines `apply(images, seeds)` on a
    batch (N, H, W, C) and seeds (N, 2); a single image is a batch of one.

    Attributes:
        takes_bytes: accepts encoded bytes, and decodes what it needs.
        fixes_size: the height and width it returns are known before.
        batched: works on a batch at once, jitted by the pipeline.
        compiled_alone: is a compiled function of its own: gathers pixels, which XLA would do
            again for each use of them.
        takes_labels: is called as `transform(images, labels, seeds)`.
        before_normalize: works on values in 0..255, and `pipeline` refuses it behind `Normalize`.
        normalizes: returns values that are no longer in 0..255.
        moves_pixels: returns pixels of the image, or 0, and no others.
        chooses_operations: computes several operations on a device, and chooses from them.
        crops: how many images it makes of one.
        has_device_form: `OnDevice` can run it, and NumPy arrays need no TensorFlow.
    """

    takes_bytes = False
    fixes_size = False
    batched = True
    compiled_alone = False
    takes_labels = False
    before_normalize = False
    normalizes = False
    moves_pixels = False
    chooses_operations = False
    crops = 1
    has_device_form = False

    def __call__(self, image: Any, seed: Any = None) -> Any:
        """Return the transformed image (H, W, C), or batch (N, H, W, C) with seeds (N, 2).

        A batch of several crops each, (N, crops, H, W, C), is drawn once for each image. Without
        a seed it raises: a constant one would change all images alike.
        """
        if not has_tensorflow():
            return apply_to_array(self, image, seed)
        image, seed = tf.convert_to_tensor(image), self.given(seed)
        check_dtype(image.dtype, "image")
        if image.shape.rank == 5:
            crops = tf.reshape(image, tf.concat([[-1], tf.shape(image)[2:]], 0))
            crops.set_shape([None, *image.shape[2:]])
            done = self(crops, tf.repeat(seed, tf.shape(image)[1], axis=0))
            done = tf.reshape(done, tf.concat([tf.shape(image)[:2], tf.shape(done)[1:]], 0))
            return tf.ensure_shape(done, [*image.shape[:2], *[None] * 2, image.shape[-1]])
        if image.shape.rank == 4:
            if seed.shape.rank == 1:
                raise ValueError(
                    "Argument `seed` must be a pair of integers for each image of a batch, shape "
                    f"(N, 2). Received: shape={seed.shape} for images of shape {image.shape}"
                )
            return self.apply(image, seed)
        if image.shape.rank != 3:
            raise ValueError(
                "Argument `image` must have shape (height, width, channels) or (N, height, "
                f"width, channels). Received: shape={image.shape}"
            )
        return self.apply(image[None], seed[None])[0]

    def given(self, seed: Any) -> Any:
        """Return `seed` as int64 pairs, or raise if there is none."""
        self.check_given(seed)
        return as_seed(seed)

    def check_given(self, seed: Any) -> None:
        """Raise if there is no seed."""
        if seed is None:
            raise ValueError(
                f"Argument `seed` must be given: {type(self).__name__} draws at random. Call it "
                "with an integer, or a pair of integers, of each image's own, or leave that to "
                "`augment.pipeline`. Received: seed=None"
            )

    def draw_on_host(self, seeds: Any, shape: Any) -> Any:
        """Return what `apply_on_device` takes, drawn as `apply` draws it: arrays, a row an image.

        Args:
            seeds: int64 array (N, 2).
            shape: (H, W, C) of the images.
        """
        return ()

    @property
    def draws_on_host(self) -> bool:
        """Whether the form for a device draws at random, and so needs seeds."""
        return type(self).draw_on_host is not Transform.draw_on_host

    def apply_on_device(self, images: Any, *drawn: Any) -> Any:
        """Return the transformed batch (N, H, W, C), or (N, crops, H, W, C), by `keras.ops`.

        One that `takes_labels` is given the labels behind the images, and returns both.
        """
        raise NotImplementedError(f"{type(self).__name__} has no form for a device")

    def shape_on_device(self, shape: Any) -> Any:
        """Return the (H, W, C) that `apply_on_device` makes of images of this shape."""
        if not self.fixes_size:
            return shape
        channels = getattr(self, "channels", None)
        return self.size, self.size, channels or shape[2]

    def get_config(self) -> dict[str, Any]:
        """Return the options as a dict that `from_config` takes."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return the transform that `config` describes."""
        return cls(**config)

    def __repr__(self):
        options = ", ".join(f"{name}={value!r}" for name, value in self.get_config().items())
        return f"{type(self).__name__}({options})"
