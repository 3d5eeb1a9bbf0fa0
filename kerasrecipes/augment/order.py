"""Which image comes when: epochs, permutations, steps, and the seeds of each image."""

import dataclasses

from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes.augment import autograph, draws

_FOREVER = 2**62
_BLOCK = 256  # images whose seeds are computed at once: one by one they cost 50 us each


@dataclasses.dataclass(frozen=True)
class Plan:
    """The order of images and batches; a position counts this shard's images over all epochs."""

    images: int  # in the dataset
    used: int  # images of an epoch, in this shard
    steps: int  # batches of an epoch
    batch_size: int
    training: bool
    start_step: int
    drop_remainder: bool
    shard: tuple  # (index, shard_count): keeps every `shard_count`-th image of the order
    seed: int
    transforms: int  # that run on an image at a time, each with a seed of its own

    @property
    def first(self):
        """The position of the first image of `start_step`."""
        epochs, steps = (
            divmod(self.start_step, self.steps) if self.training else (0, self.start_step)
        )
        return epochs * self.used + steps * self.batch_size

    def image_seeds(self, origin):
        """The seed of each image, (N, 2), of `origin`: its epoch and its index."""
        epoch, indices = origin
        return draws.fold(draws.fold(self.seed, epoch), indices)

    def seeds(self, epoch, indices):
        """The seed of each image, and of each transform of it: (N, 1 + transforms, 2)."""
        image_seeds = self.image_seeds((epoch, indices))
        of_transforms = [draws.fold(image_seeds, place) for place in range(self.transforms)]
        return tf.stack([image_seeds, *of_transforms], axis=1)

    def batch(self, elements):
        """Batch the elements, never across the border of two epochs."""
        rest = self.used % self.batch_size
        if rest == 0 or not self.training:
            return elements.batch(self.batch_size, drop_remainder=self.drop_remainder)

        def length(step):
            return tf.where((step + 1) % self.steps == 0, rest, self.batch_size)

        return elements.enumerate(self.first).group_by_window(
            lambda position, element: self._step_of(position),
            lambda step, window: window.map(lambda _, element: element).batch(self.batch_size),
            window_size_func=lambda step: tf.cast(length(step), tf.int64),
        )

    def _step_of(self, position):
        return position // self.used * self.steps + position % self.used // self.batch_size


def make_plan(images, batch_size, training, start_step, drop_remainder, shard, seed, transforms):
    """Return the `Plan` of a pipeline, or raise where the number of images does not allow one."""
    index, shard_count = shard
    if images < 0 and training:
        raise ValueError(
            "Argument `dataset` must have a known, finite size; give it with `dataset.apply("
            "tf.data.experimental.assert_cardinality(n))`. Received: "
            f"dataset.cardinality()={images}"
        )
    if images == 0 or (training and drop_remainder and images < batch_size * shard_count):
        raise ValueError(
            "Argument `dataset` must hold at least one image, and with `drop_remainder` at least "
            f"one batch. Received: {images} images, batch_size={batch_size}, shard={shard}"
        )
    mine = images if shard_count == 1 else max(0, -(-(images - index) // shard_count))
    steps = images // (batch_size * shard_count) if drop_remainder else -(-mine // batch_size)
    used = min(mine, steps * batch_size)
    return Plan(
        images, used, steps, batch_size, training, start_step, drop_remainder, shard, seed,
        transforms,
    )  # fmt: skip


def shuffled_order(plan, shuffle):
    """A dataset of (epoch, index, seeds) from `start_step` on, for images read by index.

    With `shuffle` the order of an epoch is a permutation of all indices, computed and not stored.
    """
    last = _FOREVER if plan.training else plan.used
    first = min(plan.first, last)

    def block(start):
        positions = tf.range(start, tf.minimum(start + _BLOCK, last))
        epochs = positions // plan.used
        indices = _indices(plan, epochs, positions % plan.used, shuffle)
        return epochs, indices, plan.seeds(epochs, indices)

    return _one_by_one(
        tf.data.Dataset.range(first, last, _BLOCK).map(autograph.applied(block, False)),
        last - first,
    )


def batch_order(plan, shuffle):
    """A dataset of the steps from `start_step` on, and a function of a step.

    The function returns the epoch and the indices of the batch, those of `shuffled_order`.
    """
    last = _FOREVER if plan.training else plan.steps

    def of_step(step):
        epoch, start = step // plan.steps, step % plan.steps * plan.batch_size
        places = tf.range(start, tf.minimum(start + plan.batch_size, plan.used))
        indices = _indices(plan, tf.fill(tf.shape(places), epoch), places, shuffle)
        return epoch, indices

    return tf.data.Dataset.range(min(plan.start_step, last), last), of_step


def order_of_epoch(plan, epoch):
    """An endless dataset of (epoch, index, seeds), index 0, 1, 2, ..., for images in a stream."""

    def block(start):
        indices = tf.range(start, start + _BLOCK)
        return tf.fill([_BLOCK], epoch), indices, plan.seeds(epoch, indices)

    starts = tf.data.Dataset.range(0, _FOREVER, _BLOCK)
    return _one_by_one(starts.map(autograph.applied(block, False)), _FOREVER)


def _one_by_one(blocks, count):
    return blocks.unbatch().apply(tf.data.experimental.assert_cardinality(count))


def _indices(plan, epochs, places, shuffle):
    """The index of the image at each place in its epoch."""
    indices = places * plan.shard[1] + plan.shard[0]
    if not shuffle:
        return indices
    return _permuted(indices, draws.fold(plan.seed, epochs), plan.images - 1)


def _permuted(indices, seeds, last):
    """What `tf.random.experimental.index_shuffle` gives each; it fails on several seeds.

    Where its block is too short, one index more is permuted, and skipped.
    """
    seeds = tf.pad(seeds, [[0, 0], [1, 0]], constant_values=498247692)
    spare = spare_index(last)

    def shuffled(indices):
        options = {"seed": seeds, "max_index": last + spare, "rounds": 4}
        return tf.raw_ops.RandomIndexShuffle(index=indices, **options)

    found = shuffled(indices)
    if spare:
        skipped = tf.fill(tf.shape(indices), tf.cast(last + spare, indices.dtype))
        found = tf.where(found > last, shuffled(skipped), found)
    return found


def spare_index(last):
    """Return 1 where TensorFlow's `RandomIndexShuffle` is no permutation of 0..`last`, else 0.

    Its block has ceil(log2(last)) bits, rounded up to an even number >= 16: one too few for 2^16,
    2^18, 2^20 and so on.

    >>> [spare_index(last) for last in (2**16 - 1, 2**16, 2**16 + 1, 2**17, 2**18)]
    [0, 1, 0, 0, 1]
    """
    is_power = last & (last - 1) == 0
    return int(last >= 2**16 and is_power and last.bit_length() % 2 == 1)
