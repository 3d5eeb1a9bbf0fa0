"""Reads encoded images by index, and fails where they are not what was checked."""

import numpy as np

from kerasrecipes._backend.exif_orientation import UPRIGHT
from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes._printable import printable
from kerasrecipes.data.host_tensor import host_tensor
from kerasrecipes.data.image_header import CMYK, JPEG_SIGNATURE, PNG_SIGNATURE, image_header
from kerasrecipes.data.image_look import fingerprint
from kerasrecipes.data.pillow_image import pillow_png


def checked_reader(files, check, turn):
    """A function that reads the image of an index, and fails if it is not what was checked.

    What TensorFlow does not decode is given as PNG. Decoders turn what EXIF says, so that where
    nothing is to be turned the name of its segment is overwritten. An image that was not looked
    at is told by its first bytes.

    Args:
        files: `PathList`, or what has its methods.
        check: `ImageCheck` of them.
        turn: bool, whether images are turned upright as EXIF says.
    """
    fingerprints = host_tensor(check.fingerprints)
    orientations = host_tensor(check.orientations)
    through_pillow = host_tensor(check.through_pillow)
    all_looked = bool(np.all(check.looked))
    some = not all_looked or bool(np.any(check.through_pillow))

    def is_converted(contents, index):
        converted = tf.gather(through_pillow, index)
        if all_looked:
            return converted
        unknown = tf.gather(fingerprints, index) < 0
        return converted | (unknown & ~_is_decoded(contents))

    def png(contents, place):  # a tensor: as NumPy, zeros at the end would be lost
        try:
            return pillow_png(contents.numpy(), turn)
        except ValueError as error:
            raise ValueError(f"{printable(place.numpy())}: {error}") from error

    def read(index):
        contents = _unchanged(files, index, tf.gather(fingerprints, index))
        if not turn:
            tagged = tf.gather(orientations, index) != UPRIGHT
            contents = tf.cond(tagged, lambda: _without_exif(contents), lambda: contents)
        if not some:
            return contents
        arguments = [contents, files.place(index)]
        converted = lambda: tf.py_function(png, arguments, tf.string)  # noqa: E731
        contents = tf.cond(is_converted(contents, index), converted, lambda: contents)
        return tf.ensure_shape(contents, [])

    return read


def _unchanged(files, index, mark):
    """The bytes of an image; fails where their hash is not `mark`, unless that is below 0."""
    contents = files.contents(index)
    same = (mark < 0) | (fingerprint(contents) == mark)
    message = ["This file has changed since it was checked:", files.place(index)]
    with tf.control_dependencies([tf.debugging.Assert(same, message)]):
        return tf.identity(contents)


def _is_decoded(contents):
    """Whether TensorFlow decodes an image, by its first bytes: a PNG, or a JPEG not of four inks.

    A JPEG whose header cannot be read is one that decoding fails on.
    """
    is_png = tf.strings.substr(contents, 0, len(PNG_SIGNATURE)) == PNG_SIGNATURE
    is_jpeg = tf.strings.substr(contents, 0, len(JPEG_SIGNATURE)) == JPEG_SIGNATURE
    three_inks = lambda: image_header(contents)[2] != CMYK  # noqa: E731
    return is_png | tf.cond(is_jpeg, three_inks, lambda: False)


def _without_exif(contents):
    """A JPEG or PNG that decoders take as stored; of the same length, so that nothing moves."""
    is_png = tf.strings.substr(contents, 0, 4) == b"\x89PNG"
    names = {"eXIf": "exIf", "Exif\\x00\\x00": "exif--"}
    png, jpeg = (
        lambda old=old, new=new: tf.strings.regex_replace(contents, old, new, replace_global=False)
        for old, new in names.items()
    )
    return tf.cond(is_png, png, jpeg)
