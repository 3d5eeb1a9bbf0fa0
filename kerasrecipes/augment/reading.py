"""Images and labels in the order of a plan, each with its index and its seeds."""

from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes._warning import warn
from kerasrecipes.augment import autograph, draws
from kerasrecipes.augment.applying import on_each, on_image, reading_each
from kerasrecipes.augment.batch_arguments import warn_of_buffer
from kerasrecipes.augment.order import batch_order, order_of_epoch, shuffled_order
from kerasrecipes.augment.served_batches import served

BUFFER = 10_000
_FOREVER = 2**62
_BATCHES = 4  # at once, of images in parallel: while some are read, others are put together


def read(source, plan, buffer, change, threads, convert):
    """Return a dataset of `change(image, label, index, seeds)` from `start_step` on.

    Args:
        source: `Source`.
        plan: `Plan`.
        buffer: int, 0 for the order of the source; a stream is shuffled in a buffer of so
            many images, a source that is read by index as a whole.
        change: function that reads, decodes and transforms one image.
        threads: int, how many images at once.
        convert: bool, whether AutoGraph reads `change`.
    """
    if source.element is not None:

        def read_image(epoch, index, seeds):
            return change(*source.element(index), index, seeds)

        images = shuffled_order(plan, buffer > 0)
        return images.map(autograph.applied(read_image, convert), num_parallel_calls=threads)

    def with_order(order, pair):
        return change(*pair, *order[1:])

    images = _stream(source.stream, plan, buffer)
    return images.map(autograph.applied(with_order, convert), num_parallel_calls=threads)


def batch_reader(source, head, finish, threads, convert):
    """Return a function that reads a batch, and how many batches to read at once.

    The function takes the indices of the images and their `Plan.seeds`, and returns images and
    labels. `None` for a stream, and where images have a size only after they are read.

    Args:
        source: `Source`.
        head: list of transforms that work on an image at a time.
        finish: function of an image or of images, behind them.
        threads: int, how many images at once.
        convert: bool, whether AutoGraph reads the transforms.
    """
    if source.batch is not None:

        def read_whole(indices, seeds):
            images, labels = source.batch(indices)
            return finish(on_each(head, images, seeds[:, 1:])), labels

        return read_whole, threads
    if source.element is None:
        return None
    each = reading_each(source.element, on_image(head, finish), threads, convert)
    return each and (each, min(threads, _BATCHES))


def read_batches(reader, plan, shuffle, change, convert, service=None):
    """Return a dataset of `change(images, labels, indices, origin)`, each batch read at once.

    Args:
        reader: what `batch_reader` returns.
        plan: `Plan`.
        shuffle: bool.
        change: function of the batch and its origin, the epoch and the indices.
        convert: bool, whether AutoGraph reads `change`.
        service: str, address of the dispatcher whose workers make the batches, or `None`.
    """
    read_images, at_once = reader
    steps, order = batch_order(plan, shuffle)

    def read_batch(step):
        epoch, indices = order(step)
        images, labels = read_images(indices, plan.seeds(epoch, indices))
        if plan.drop_remainder:
            images, labels = (_with_length(part, plan.batch_size) for part in (images, labels))
        return change(images, labels, indices, (epoch, indices))

    read_batch = autograph.applied(read_batch, convert)
    if service is not None:
        return served(steps, read_batch, at_once, service)
    return steps.map(read_batch, num_parallel_calls=at_once)


def _with_length(values, length):
    return tf.ensure_shape(values, [length, *values.shape[1:]])


def _stream(stream, plan, buffer):
    """Pairs of (epoch, index, seeds) and (image, label): read from the start in each epoch."""

    def one_epoch(epoch):
        pairs = tf.data.Dataset.zip(order_of_epoch(plan, epoch), stream)
        if buffer:
            tf.compat.v1.get_default_graph().seed = None  # not the program's
            order_seed = draws.fold(plan.seed, epoch)[0]
            pairs = pairs.shuffle(buffer, order_seed, reshuffle_each_iteration=False)
        done = tf.where(epoch == plan.first // plan.used, plan.first % plan.used, 0)
        return _shard(pairs, plan).take(plan.used).skip(tf.cast(done, tf.int64))

    if plan.training:
        return tf.data.Dataset.range(plan.first // plan.used, _FOREVER).flat_map(one_epoch)
    epoch = tf.constant(0, tf.int64)
    return _shard(tf.data.Dataset.zip(order_of_epoch(plan, epoch), stream), plan).skip(plan.first)


def _shard(stream, plan):
    index, shard_count = plan.shard
    return stream if shard_count == 1 else stream.shard(shard_count, index)


def buffer_size(source, shuffle, training, start_step):
    """The size of the shuffle buffer, with a warning where a dataset is shuffled in part only."""
    asked = shuffle is not None and not isinstance(shuffle, bool)
    if asked and source.element is not None:
        warn_of_buffer(shuffle)
    if asked:
        return int(shuffle)
    if not (training if shuffle is None else shuffle):
        return 0
    if source.element is None and source.size > BUFFER:
        skipped = ", and read from its start to reach `start_step`" if start_step else ""
        warn(
            f"Argument `dataset` has no random access: its {source.size:,} images are shuffled in "
            f"a buffer of {BUFFER:,} only{skipped}. Give a source with `__len__` and "
            "`__getitem__`, as `data.load` does for folders and arrays, or the size of the buffer, "
            f"`shuffle={source.size}`"
        )
    return BUFFER
