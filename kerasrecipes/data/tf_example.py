"""The bytes of a `tf.train.Example` with an encoded image and its label."""

from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes._printable import printable

KEYS = (("image", "label"), ("image/encoded", "image/class/label"))


def example(image, label):
    """The bytes of a `tf.train.Example` with the features `image` and `label`."""
    image = tf.train.Feature(bytes_list=tf.train.BytesList(value=[image]))
    label = tf.train.Feature(int64_list=tf.train.Int64List(value=[label]))
    features = tf.train.Features(feature={"image": image, "label": label})
    return tf.train.Example(features=features).SerializeToString(deterministic=True)


def image_in(record, image_key):
    """The bytes of the image in the bytes of a `tf.train.Example`, as tensors."""
    feature = tf.io.FixedLenFeature([], tf.string)
    return tf.io.parse_single_example(record, {image_key: feature})[image_key]


def label_in(record, label_key):
    """The label in the bytes of a `tf.train.Example`, as tensors; fails without one integer."""
    feature = tf.io.FixedLenFeature([], tf.int64)
    return tf.io.parse_single_example(record, {label_key: feature})[label_key]


def example_keys(path, record):
    """Names of the features of image and label, by the bytes of the first record of a shard."""
    try:
        names = set(tf.train.Example.FromString(record).features.feature)
    except Exception as error:  # protobuf has several types, by its implementation
        raise ValueError(f"{printable(path)}: its records are no tf.train.Example") from error
    for keys in KEYS:
        if names.issuperset(keys):
            return keys
    raise ValueError(
        f"{printable(path)}: examples must have the features {' and '.join(map(repr, KEYS[0]))}, "
        f"or {' and '.join(map(repr, KEYS[1]))}. Received: {printable(sorted(names))}"
    )


def without_label(place, label_key):
    """The error for an example without a label."""
    return ValueError(f"{place}: an example without one integer {label_key!r}")
