"""Data sets of TensorFlow Datasets."""

import contextlib
import difflib
import io
import logging
import socket
import textwrap
import urllib.request

import numpy as np

from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes._printable import printable, visible
from kerasrecipes._warning import warn
from kerasrecipes.data.image_sets import SETS, ImageSets, check_labels
from kerasrecipes.data.image_stream import ImageStream

PROBE = ("storage.googleapis.com", 443)
PROBE_SECONDS = 3.0


def read_tfds(source):
    """The sets of a data set by its name, or of a `tfds.core.DatasetBuilder`.

    Images stay encoded as they are stored. Where the splits are not known, as in
    `tfds.testing.mock_data` without metadata, they are taken to be `train` and `test`.
    """
    tfds = _import_tfds()
    with _quiet():
        builder = _prepared(tfds, source) if isinstance(source, str) else source
        where = _where(source if isinstance(source, str) else builder.name)
        image_key, label_key = _keys(tfds, where, builder.info)
        names = [name for name in SETS if name in (builder.info.splits or ("train", "test"))]
        if "train" not in names:
            raise ValueError(f"{where}: no split train. It has: {', '.join(builder.info.splits)}")
        streams = builder.as_dataset(
            split={name: name for name in names},
            decoders={image_key: tfds.decode.SkipDecoding()},
            read_config=tfds.ReadConfig(try_autocache=False),
        )
    sets = {
        name: ImageStream(stream.map(lambda example: (example[image_key], example[label_key])))
        for name, stream in streams.items()
    }
    class_names = tuple(builder.info.features[label_key].names)
    try:
        return _described(where, _labelled(where, sets), class_names)
    except tf.errors.InvalidArgumentError as error:
        raise ValueError(f"{where}: holds an image that is not uint8 JPEG or PNG") from error


def _where(name):
    return printable(f"tfds:{name}")


def _import_tfds():
    try:
        import tensorflow_datasets as tfds
    except ImportError as error:
        raise ImportError(
            "A source 'tfds:NAME' needs TensorFlow Datasets. Install it with: "
            "pip install 'kerasrecipes[tfds]'"
        ) from error
    return tfds


def _prepared(tfds, name):
    """The builder of a data set that is on this machine, downloaded if need be."""
    try:
        builder = tfds.builder(name)
    except tfds.core.registered.DatasetNotFoundError as error:
        near = difflib.get_close_matches(name, tfds.list_builders())
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise ValueError(
            f"{_where(name)}: TensorFlow Datasets has no such data set.{hint}"
        ) from error
    except Exception as error:  # a wrong configuration or version raises many types
        raise ValueError(f"{_where(name)}: {_brief(error)}") from error
    if builder.is_prepared():
        return builder
    try:
        with _brief_offline():
            builder.download_and_prepare()
    except ImportError as error:
        raise ImportError(
            f"{_where(name)}: preparing it needs a package: {_brief(error)}"
        ) from error
    except Exception as error:  # downloads, checksums, archives and disks raise many types
        raise FileNotFoundError(
            f"{_where(name)} is not in {printable(builder.data_dir)} and could not be prepared "
            f"({_brief(error)}). Run `tfds build {printable(name)}` on a machine with a network "
            "and copy that folder here, or set TFDS_DATA_DIR to the folder that holds it"
        ) from error
    return builder


def _keys(tfds, where, info):
    """Names of the features that hold the image and the class."""
    keys = info.supervised_keys or ("image", "label")
    kinds = (tfds.features.Image, tfds.features.ClassLabel)
    found = [dict(info.features.items()).get(key) for key in keys]
    if len(keys) != 2 or not all(map(isinstance, found, kinds)):
        raise ValueError(f"{where}: not a data set of images with one class each")
    if found[0].np_dtype != np.uint8:
        raise ValueError(f"{where}: images must be uint8. Received: {found[0].np_dtype}")
    return keys


def _labelled(where, sets):
    """The sets without those that were published without labels."""
    bare = [name for name in sets if name != "train" and np.all(sets[name].sample[2] == -1)]
    if bare:
        warn(f"{where}: {', '.join(bare)} has no labels and is left out")
    return {name: images for name, images in sets.items() if name not in bare}


def _described(where, sets, class_names):
    check_labels(where, {name: images.sample[2] for name, images in sets.items()}, len(class_names))
    channels = sets["train"].sample[1]
    return ImageSets(
        name=where,
        sets=sets,
        class_names=class_names,
        channels=1 if np.all(channels <= 2) else 3,
        encoded=sets["train"].pairs.element_spec[0].dtype == tf.string,
    )


@contextlib.contextmanager
def _brief_offline():
    """Without a network, fail at once and say nothing: the downloader would try for minutes.

    The probe decides no more than this, so that what needs no network works whatever it says.
    """
    if _is_online():
        yield
        return
    from tensorflow_datasets.core.download import downloader

    retries, downloader.MAX_RETRIES = downloader.MAX_RETRIES, 0
    nowhere = io.StringIO()
    try:
        with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
            yield
    finally:
        downloader.MAX_RETRIES = retries


def _is_online():
    if urllib.request.getproxies():
        return True
    try:
        socket.create_connection(PROBE, timeout=PROBE_SECONDS).close()
    except OSError:
        return False
    return True


@contextlib.contextmanager
def _quiet():
    logger = logging.getLogger("absl")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _brief(error):
    """The beginning of an error's text, in one line."""
    return visible(textwrap.shorten(f"{type(error).__name__}: {error}", 160, placeholder=" ..."))
