"""Which image comes when: passes, permutations and steps."""

import dataclasses

import tensorflow as tf

from kerasrecipes.augment import draws

_FOREVER = 2**62
_BLOCK = 256  # images whose seeds are computed at once: one by one they cost 50 us each


@dataclasses.dataclass(frozen=True)
class Plan:
    """The order of images and batches; a position counts this shard's images over all passes."""

    images: int  # in the dataset
    used: int  # images of a pass, in this shard
    steps: int  # batches of a pass
    batch_size: int
    training: bool
    start_step: int
    drop_remainder: bool
    shard: tuple  # (this one, how many): takes every so-manieth position of the order

    @property
    def first(self):
        """The position of the first image of `start_step`."""
        passes, steps = (
            divmod(self.start_step, self.steps) if self.training else (0, self.start_step)
        )
        return passes * self.used + steps * self.batch_size

    def batch(self, one_by_one):
        """Batch the elements, never across the border of two passes."""
        rest = self.used % self.batch_size
        if rest == 0 or not self.training:
            return one_by_one.batch(self.batch_size, drop_remainder=self.drop_remainder)

        def length(step):
            return tf.where((step + 1) % self.steps == 0, rest, self.batch_size)

        return one_by_one.enumerate(self.first).group_by_window(
            lambda position, element: self._step_of(position),
            lambda step, window: window.map(lambda _, element: element).batch(self.batch_size),
            window_size_func=lambda step: tf.cast(length(step), tf.int64),
        )

    def _step_of(self, position):
        return position // self.used * self.steps + position % self.used // self.batch_size


def make_plan(dataset, batch_size, training, start_step, drop_remainder, shard):
    """Return the `Plan` of a pipeline, or raise where the dataset does not allow one."""
    images, (one, count) = int(dataset.cardinality()), shard
    if images < 0 and training:
        raise ValueError(
            "Argument `dataset` must have a known, finite size; give it with `dataset.apply("
            "tf.data.experimental.assert_cardinality(n))`. Received: "
            f"dataset.cardinality()={images}"
        )
    if images == 0 or (training and drop_remainder and images < batch_size * count):
        raise ValueError(
            "Argument `dataset` must hold at least one image, and with `drop_remainder` at least "
            f"one batch. Received: {images} images, batch_size={batch_size}, shard={shard}"
        )
    mine = images if count == 1 else max(0, -(-(images - one) // count))
    steps = images // (batch_size * count) if drop_remainder else -(-mine // batch_size)
    used = min(mine, steps * batch_size)
    return Plan(images, used, steps, batch_size, training, start_step, drop_remainder, shard)


def from_elements(element, plan, seed, shuffle, image_seeds, transform, threads):
    """Return transformed elements read by index: nothing before the first is touched.

    `image_seeds(number of the pass, indices)` gives the seeds of images, `transform(seeds, image,
    label)` an element.
    """
    last = _FOREVER if plan.training else plan.used
    first = min(plan.first, last)

    def block(start):
        positions = tf.range(start, tf.minimum(start + _BLOCK, last))
        numbers = positions // plan.used
        indices = positions % plan.used * plan.shard[1] + plan.shard[0]
        if shuffle:
            indices = _shuffled(indices, draws.fold(seed, numbers), plan.images - 1)
        return indices, image_seeds(numbers, indices)

    blocks = tf.data.Dataset.range(first, last, _BLOCK).map(block)
    return _one_by_one(blocks, last - first).map(
        lambda index, seeds: transform(seeds, *element(index)), num_parallel_calls=threads
    )


def from_stream(dataset, plan, seed, buffer, image_seeds, transform, threads):
    """Return transformed elements of a dataset that can only be read from its start."""

    def one_pass(number):
        stream = tf.data.Dataset.zip(_seeds_in_order(image_seeds, number), dataset)
        if buffer:
            tf.compat.v1.get_default_graph().seed = None  # not the program's
            order_seed = draws.fold(seed, number)[0]
            stream = stream.shuffle(buffer, order_seed, reshuffle_each_iteration=False)
        done = tf.where(number == plan.first // plan.used, plan.first % plan.used, 0)
        return _shard(stream, plan).take(plan.used).skip(tf.cast(done, tf.int64))

    if plan.training:
        passes = tf.data.Dataset.range(plan.first // plan.used, _FOREVER)
        stream = passes.flat_map(one_pass)
    else:
        stream = tf.data.Dataset.zip(_seeds_in_order(image_seeds, 0), dataset)
        stream = _shard(stream, plan).skip(plan.first)
    return stream.map(lambda seeds, element: transform(seeds, *element), num_parallel_calls=threads)


def _seeds_in_order(image_seeds, number):
    starts = tf.data.Dataset.range(0, _FOREVER, _BLOCK)
    blocks = starts.map(lambda start: image_seeds(number, tf.range(start, start + _BLOCK)))
    return _one_by_one(blocks, _FOREVER)


def _one_by_one(blocks, count):
    return blocks.unbatch().apply(tf.data.experimental.assert_cardinality(count))


def _shuffled(indices, seeds, last):
    """What `tf.random.experimental.index_shuffle` gives each; it fails on several seeds."""
    seeds = tf.pad(seeds, [[0, 0], [1, 0]], constant_values=498247692)
    return tf.raw_ops.RandomIndexShuffle(index=indices, seed=seeds, max_index=last, rounds=4)


def _shard(stream, plan):
    one, count = plan.shard
    return stream if count == 1 else stream.shard(count, one)
