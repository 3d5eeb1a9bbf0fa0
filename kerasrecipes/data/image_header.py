"""Size and mode of an encoded image, read from its first bytes in a graph."""

from kerasrecipes._backend.tensorflow_module import tf

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
JPEG_SIGNATURE = b"\xff\xd8\xff"
PNG_CHANNELS = [1, 0, 3, 3, 2, 0, 4]  # by the header's colour type; a palette counts as colour
CMYK = 5  # in place of the channels of a JPEG of four inks


def image_header(contents):
    """Height, width and channels of a JPEG or PNG, three int64 scalars.

    Channels are 1 to 4, an alpha channel included, or `CMYK` for a JPEG of four inks. Fails where
    the bytes are neither JPEG nor PNG.
    """
    is_png = tf.strings.substr(contents, 0, len(PNG_SIGNATURE)) == PNG_SIGNATURE
    return tf.cond(is_png, lambda: _png_header(contents), lambda: _jpeg_header(contents))


def _jpeg_header(contents):
    is_jpeg = tf.strings.substr(contents, 0, len(JPEG_SIGNATURE)) == JPEG_SIGNATURE
    # The decoder would write a line of its own to standard error.
    with tf.control_dependencies([tf.debugging.Assert(is_jpeg, ["neither JPEG nor PNG"])]):
        shape = tf.image.extract_jpeg_shape(tf.identity(contents), output_type=tf.int64)
    channels = tf.where(shape[2] == 4, tf.constant(CMYK, tf.int64), shape[2])
    return shape[0], shape[1], channels


def _png_header(contents):
    header = tf.cast(tf.io.decode_raw(tf.strings.substr(contents, 16, 10), tf.uint8), tf.int64)
    powers = tf.constant([2**24, 2**16, 2**8, 1], tf.int64)
    width, height = tf.reduce_sum(header[:4] * powers), tf.reduce_sum(header[4:8] * powers)
    return height, width, tf.gather(tf.constant(PNG_CHANNELS, tf.int64), header[9])
