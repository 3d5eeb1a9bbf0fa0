"""The EXIF orientation of a JPEG or PNG, read in a TensorFlow graph.

Orientation 1 is upright; the others combine, in this order, a transpose (5 to 8), rows reversed
(3, 4, 7, 8) and columns reversed (2, 3, 6, 7), as in the EXIF standard, CIPA DC-008, tag 274.
"""

TAG = 274
MOST_ENTRIES = 512
UPRIGHT = 1
EXIF = list(b"Exif")


def jpeg_orientation(data, rare_branch):
    """Return the orientation of JPEG bytes, an int32 scalar in 1..8; 1 if it is not readable.

    For most files, with a plain JFIF header and no EXIF, it reads only 22 bytes.

    Args:
        data: string scalar tensor, the bytes of a JPEG.
        rare_branch: function that calls its argument as a rarely executed branch.
    """
    import tensorflow as tf

    start = _bytes_at(tf, data, 0, 22)
    jfif = (start[3] == 0xE0) & (start[4] == 0) & (start[5] == 16)
    no_exif = jfif & ~((start[20] == 0xFF) & (start[21] >= 0xE0) & (start[21] <= 0xEF))
    upright = tf.constant(UPRIGHT, tf.int32)
    return tf.cond(no_exif, lambda: upright, lambda: rare_branch(lambda: _search(tf, data)))


def png_orientation(data):
    """Return the orientation of PNG bytes, an int32 scalar in 1..8; 1 if it is not readable.

    It is that of an `eXIf` chunk before the pixels, where encoders write it; only the heads of the
    chunks are read.
    """
    import tensorflow as tf

    def head(position):
        return _bytes_at(tf, data, position, 8)

    def is_chunk(position, name):
        return tf.reduce_all(head(position)[4:] == tf.constant(list(name)))

    def goes_on(position):
        return ~(
            is_chunk(position, b"eXIf") | is_chunk(position, b"IDAT") | is_chunk(position, [0] * 4)
        )

    def following(position):
        powers = tf.constant([2**24, 2**16, 2**8, 1])
        length = tf.reduce_sum(head(position)[:4] * powers)
        return (position + 12 + tf.clip_by_value(length, 0, tf.strings.length(data)),)

    position = tf.while_loop(goes_on, following, (tf.constant(8),), maximum_iterations=1024)[0]
    return tf.cond(
        is_chunk(position, b"eXIf"),
        lambda: _value(tf, data, position + 8),
        lambda: tf.constant(UPRIGHT),
    )


def turned_size(size, orientation):
    """Return (height, width) of the upright image, from the stored size, an int32 tensor (2,)."""
    import tensorflow as tf

    return tf.where(orientation >= 5, size[::-1], size)


def stored_window(corner, extent, size, orientation):
    """Return corner and extent, in the stored image, of a window of the upright image."""
    import tensorflow as tf

    reverse = tf.stack(_reversed_axes(tf, orientation))
    corner = tf.where(reverse, size - corner - extent, corner)
    return turned_size(corner, orientation), turned_size(extent, orientation)


def turn(image, orientation):
    """Return a stored image (H, W, C) rotated upright."""
    import tensorflow as tf

    image = tf.cond(orientation >= 5, lambda: tf.transpose(image, [1, 0, 2]), lambda: image)
    rows, columns = _reversed_axes(tf, orientation)
    image = tf.cond(rows, lambda: tf.reverse(image, [0]), lambda: image)
    return tf.cond(columns, lambda: tf.reverse(image, [1]), lambda: image)


def _reversed_axes(tf, orientation):
    def among(values):
        return tf.reduce_any(tf.equal(orientation, values))

    return among([3, 4, 7, 8]), among([2, 3, 6, 7])


def _search(tf, data):
    """Search the segments before the image data for EXIF, and return its orientation."""

    def header(position):
        return _bytes_at(tf, data, position, 10)

    def is_exif(head):
        return tf.reduce_all(head[1:2] == 0xE1) & tf.reduce_all(head[4:8] == tf.constant(EXIF))

    def goes_on(position):
        head = header(position)
        application = (head[0] == 0xFF) & (head[1] >= 0xE0) & (head[1] <= 0xEF)
        return (application | ((head[0] == 0xFF) & (head[1] == 0xFE))) & ~is_exif(head)

    def following(position):
        head = header(position)
        return (position + 2 + tf.maximum(head[2] * 256 + head[3], 2),)

    position = tf.while_loop(goes_on, following, (tf.constant(2),), maximum_iterations=64)[0]
    found = is_exif(header(position))
    return tf.where(found, _value(tf, data, position + 10), UPRIGHT)


def _value(tf, data, start):
    """Return the orientation in the first directory of the TIFF header at `start`."""
    head = _bytes_at(tf, data, start, 8)
    little = head[0] == ord("I")

    def number(values):
        values = tf.where(little, values, tf.reverse(values, [-1]))
        return tf.reduce_sum(values * [1 << (8 * place) for place in range(values.shape[-1])], -1)

    directory = start + number(head[4:8])
    count = tf.minimum(number(_bytes_at(tf, data, directory, 2)), MOST_ENTRIES)
    entries = tf.reshape(_bytes_at(tf, data, directory + 2, MOST_ENTRIES * 12), [-1, 12])[:count]
    values = tf.where(number(entries[:, 0:2]) == TAG, number(entries[:, 8:10]), 0)
    value = tf.reduce_max(tf.concat([[0], values], 0))
    return tf.where((value >= 1) & (value <= 8), value, UPRIGHT)


def _bytes_at(tf, data, position, count):
    """Return `count` bytes as int32, with zeros after the end of the data."""
    length = tf.strings.length(data)
    position = tf.clip_by_value(position, 0, length)
    values = tf.io.decode_raw(tf.strings.substr(data, position, count), tf.uint8)
    values = tf.cast(values, tf.int32)
    values = tf.pad(values, [[0, count - tf.size(values)]])
    return tf.ensure_shape(values, [count])
