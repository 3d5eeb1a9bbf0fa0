"""What one look at an encoded image tells."""

from kerasrecipes._backend.exif_orientation import jpeg_orientation, png_orientation
from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes.data.image_header import JPEG_SIGNATURE, PNG_SIGNATURE, image_header
from kerasrecipes.data.pillow_image import BOMB_PIXELS, BOMB_RATIO, MOST_PIXELS, pillow_facts


def fingerprint(contents):
    """A hash of the bytes: an int64 scalar."""
    return tf.strings.to_hash_bucket_fast(contents, 2**63 - 1)


def inspect(contents):
    """Short side, channels, fingerprint, orientation and values of an image, as an int64 vector.

    Channels are 1 to 4 as stored. Fails where decoding fails.
    """
    height, width, channels = image_header(contents)
    pixels, length = height * width, tf.strings.length(contents)
    ratio = pixels // tf.maximum(tf.cast(length, tf.int64), 1)
    bomb = (pixels > MOST_PIXELS) | ((pixels > BOMB_PIXELS) & (ratio >= BOMB_RATIO))
    with tf.control_dependencies([tf.debugging.Assert(~bomb, ["too many pixels"])]):
        decoded = tf.io.decode_jpeg(tf.identity(contents), ratio=8)  # PNG too, in full size
    # The number of decoded values is asked for, lest the decoding be optimised away.
    values = tf.size(decoded, out_type=tf.int64)
    turned = tf.cast(_orientation(contents), tf.int64)
    return tf.stack([tf.minimum(height, width), channels, fingerprint(contents), turned, values])


def _orientation(contents):
    is_jpeg = tf.strings.substr(contents, 0, len(JPEG_SIGNATURE)) == JPEG_SIGNATURE
    return tf.cond(
        is_jpeg,
        lambda: jpeg_orientation(contents, lambda search: search()),
        lambda: png_orientation(contents),  # what is no JPEG here is a PNG
    )


def look_with_pillow(contents, four_inks):
    """The facts of an image that TensorFlow does not decode, and why it is unusable or `None`.

    A JPEG that is not of four inks, or a PNG, is one that TensorFlow failed on: it is damaged.
    """
    nothing = (0, 0, 0, 0)
    is_png, is_jpeg = (contents.startswith(mark) for mark in (PNG_SIGNATURE, JPEG_SIGNATURE))
    kind = "PNG" if is_png else "JPEG" if is_jpeg else ""
    try:
        facts = pillow_facts(contents)
    except ValueError as error:
        return nothing, damaged(kind) if kind and "megapixels" not in str(error) else str(error)
    if kind and not four_inks:
        return nothing, damaged(kind)
    mark = int(fingerprint(contents))
    return (facts.short_side, facts.channels, mark, facts.orientation), None


def damaged(kind):
    """The problem of a file whose first bytes are those of `kind`."""
    return f"corrupt or truncated {kind}"
