"""Breaks of `augment` and `data`."""

from tests.breaks.table import Break

PIPELINE, SOURCES = "augment/test_pipeline.py", "augment/test_sources.py"
WHOLE, REPORT = "augment/test_whole_batches.py", "augment/test_benchmark.py"
VALUES, ORIENTATION = "augment/test_pixel_values.py", "augment/test_orientation.py"
TRANSFORMS, CONTRACT = "augment/test_transforms.py", "augment/test_contract.py"

DEVICE = "test_on_device.py"

BREAKS = [
    Break(
        "OnDevice", "an order of its own", "augment/host_order.py",
        "return (one & eight) ^ two", "return (one | eight) ^ two",
        f"{DEVICE} -k the_permutation",
    ),
    Break(
        "OnDevice", "the image after, not the one before", "augment/device_pixels.py",
        "ops.where(inside, ops.roll(images, 1, axis=0), images)",
        "ops.where(inside, ops.roll(images, -1, axis=0), images)",
        f"{DEVICE} -k 'cut-mix'",
    ),
    Break(
        "CenterCrop", "a pixel to the side where nothing is resized", "augment/center_crop.py",
        "left : left + self.size, :]", "left + 1 : left + 1 + self.size, :]",
        f"{WHOLE} -k as_they_are",
    ),
    Break(
        "pipeline", "seeds of the crop before", "augment/applying.py",
        "place += len(run)", "place += 0",
        f"{WHOLE} -k 'between and resumed'",
    ),
    Break(
        "OnDevice", "draws of the part before", "augment/compiled_part.py",
        "place += len(part.transforms)", "place += 1",
        f"{DEVICE} -k 'colour and True'",
    ),
    Break(
        "OnDevice", "each smaller batch is compiled", "augment/compiled_part.py",
        "and size >= count)", "and size == count)",
        f"{DEVICE} -k smaller_batches",
    ),
    Break(
        "OnDevice", "the first images fill a batch, not the last", "augment/compiled_part.py",
        "np.minimum(np.arange(size, dtype=np.int32), count - 1)",
        "np.arange(size, dtype=np.int32) % count",
        f"{DEVICE} -k smaller_batches",
    ),
    Break(
        "OnDevice", "compiled functions are copied", "augment/compiled_part.py",
        '{**vars(self), "_compiled": {}}', "vars(self)",
        f"{DEVICE} -k copy_of_what",
    ),
    Break(
        "OnDevice", "a policy is compiled on TensorFlow", "augment/compiled_part.py",
        '(backend == "tensorflow" and not chooses)', 'backend == "tensorflow"',
        f"{DEVICE} -k policy_is_not",
    ),
    Break(
        "OnDevice", "sizes retrace one function", "augment/compiled_part.py",
        "= compiled_function(apply)",
        "= next(iter(self._compiled.values()), None) or compiled_function(apply)",
        f"{DEVICE} -k retracing",
    ),
    Break(
        "OnDevice", "no images have a row on PyTorch", "_backend/image_windows.py",
        "max((padded.numel() - row) // channels + 1, 0)",
        "max(padded.numel() - row, 0) // channels + 1",
        f"{DEVICE} -k no_images", "torch",
    ),
    Break(
        "OnDevice", "other draws of colour on the host", "augment/color_jitter.py",
        "[host_draws.uniform(seeds, 4)]", "[host_draws.uniform(host_draws.fold(seeds, 0), 4)]",
        f"{DEVICE} -k 'colour and floats'",
    ),
    Break(
        "OnDevice", "the neighbour above for that below", "augment/functional/warping.py",
        "corner(width + 2) * (1 - across)", "corner(0) * (1 - across)",
        "augment/test_transforms.py -k one_bilinear",
    ),
    Break(
        "OnDevice", "width and height of a shift change places", "augment/random_warp.py",
        'for side in (width, height)])', 'for side in (height, width)])',
        f"{TRANSFORMS} -k shift_is_a_fraction",
    ),
    Break(
        "OnDevice", "exact quotients of a stretch are not one less",
        "augment/functional/value_tables.py",
        "table = table - on.reshape", "table = table - 0 * on.reshape",
        f"{DEVICE} -k truncates",
    ),
    Break(
        "OnDevice", "one sign for both shears and shifts", "augment/policy.py",
        "amount_of(sign * strength, height, width)", "amount_of(strength, height, width)",
        f"{DEVICE} -k 'randaugment'",
    ),
    Break(
        "OnDevice", "a start step that is lost", "augment/numbered_batches.py",
        "host_order.batch_origin(plan, plan.start_step + index, self._shuffle)",
        "host_order.batch_origin(plan, index, self._shuffle)",
        f"{DEVICE} -k 'mirror'",
    ),
    Break(
        "pipeline", "draws that forget the epoch", "augment/order.py",
        "draws.fold(draws.fold(self.seed, epoch), indices)", "draws.fold(self.seed, indices)",
        f"{PIPELINE} -k another_pass",
    ),
    Break(
        "pipeline", "draws by position, not by image", "augment/order.py",
        "return epochs, indices, plan.seeds(epochs, indices)",
        "return epochs, indices, plan.seeds(epochs, positions)",
        f"{PIPELINE} -k each_image_alone",
    ),
    Break(
        "pipeline", "one order for all epochs", "augment/order.py",
        "_permuted(indices, draws.fold(plan.seed, epochs), plan.images - 1)",
        "_permuted(indices, draws.fold(plan.seed, 0 * epochs), plan.images - 1)",
        f"{PIPELINE} -k 'order_of_its_own and by_index'",
    ),
    Break(
        "pipeline", "a start step within an epoch is lost", "augment/reading.py",
        "plan.first % plan.used, 0)", "0, 0)",
        f"{PIPELINE} -k 'uninterrupted and from_start'",
    ),
    Break(
        "pipeline", "shards overlap", "augment/order.py",
        "* plan.shard[1] + plan.shard[0]", "* plan.shard[1]",
        f"{PIPELINE} -k 'replicas and by_index'",
    ),
    Break(
        "pipeline", "labels are not checked", "augment/applying.py",
        "tf.debugging.Assert(tf.size(wrong) == 0, message)", "tf.no_op()",
        f"{SOURCES} -k outside_the_classes",
    ),
    Break(
        "pipeline", "batches at once start anew in each epoch", "augment/order.py",
        "step % plan.steps * plan.batch_size", "step * plan.batch_size % plan.used",
        f"{PIPELINE} -k each_image_alone",
    ),
    Break(
        "pipeline", "draws of a batch at once forget the transform", "augment/applying.py",
        "own = draws.fold(seeds, place)", "own = draws.fold(seeds, 0)",
        f"{WHOLE} -k draws_of_its_own",
    ),
    Break(
        "PadCrop", "the window of the image before", "augment/functional/crops.py",
        "images = tf.gather(images, rows, axis=1, batch_dims=1)",
        "images = tf.gather(tf.roll(images, 1, 0), rows, axis=1, batch_dims=1)",
        f"{TRANSFORMS} -k windows_of_a_batch",
    ),
    Break(
        "benchmark", "what a buffer holds is counted", "augment/benchmark.py",
        "filled = buffered", "filled = 0", f"{REPORT} -k sleeps",
    ),
    Break(
        "pipeline", "no warning of a small buffer", "augment/reading.py",
        "source.size > BUFFER", "source.size > 2 * BUFFER", f"{SOURCES} -k in_part_only",
    ),
    Break(
        "ImageSource", "slices ignore their step", "data/image_source.py",
        "return self.subset(np.arange(len(self))[key])",
        "return self.subset(np.unique(np.arange(len(self))[key]))",
        f"{SOURCES} -k a_part_of_a_source",
    ),
    Break(
        "RandAugment", "cannot be pickled", "augment/rand_augment.py",
        "self.count, self.magnitude = count, magnitude",
        "self.count, self.magnitude, self._all = count, magnitude, lambda: _OPERATIONS",
        f"{CONTRACT} -k 'pickles and RandAugment'",
    ),
    Break(
        "ColorJitter", "the hue of grey images", "augment/color_jitter.py",
        "(0 if grey else self.hue,", "(self.hue,",
        f"{CONTRACT} -k 'grey_images and ColorJitter'",
    ),
    Break(
        "PCALighting", "eigenvectors in rows", "augment/functional/color.py",
        "on.sum(vectors * scaled[..., None, :], axis=-1)",
        "on.sum(vectors * scaled[..., :, None], axis=-2)",
        f"{TRANSFORMS} -k lighting_offset",
    ),
    Break(
        "CutMix", "labels by the area before clipping", "augment/functional/mixing.py",
        "area = tf.cast(height * width, tf.float32)",
        "area = tf.cast((height + 1) * width, tf.float32)",
        f"{TRANSFORMS} -k mix_labels",
    ),
    Break(
        "MixUp", "the next image's label", "augment/functional/mixing.py",
        "(1 - weight) * tf.roll(labels, 1, axis=0)", "(1 - weight) * tf.roll(labels, -1, axis=0)",
        f"{TRANSFORMS} -k mix_labels",
    ),
    Break(
        "RandomScaleCrop", "the largest scale is never drawn", "augment/draws.py",
        "tf.cast(high - low + 1, tf.float64)", "tf.cast(high - low, tf.float64)",
        f"{TRANSFORMS} -k uniform_integers",
    ),
    Break(
        "CenterCrop", "no antialiasing", "augment/functional/resampling.py",
        "antialias=antialias", "antialias=False",
        "augment/test_where_keras_fails.py -k antialias",
    ),
    Break(
        "RandomFlip", "top to bottom", "augment/functional/pixels.py",
        "tf.reverse(tf.reshape(images, rows), axis=[1])",
        "tf.reverse(tf.reshape(images, rows), axis=[0])",
        f"{TRANSFORMS} -k flips",
    ),
    Break(
        "Transform", "a constant seed by default", "augment/transform.py",
        "        if seed is None:\n            raise", "        if seed is ...:\n            raise",
        f"{VALUES} -k without_a_seed",
    ),
    Break(
        "pipeline", "colour behind Normalize", "augment/pipeline.py",
        "    check_order([*head, *tail])\n", "", f"{VALUES} -k behind_normalize_is_refused",
    ),
    Break(
        "DecodeImage", "EXIF ignored", "augment/decode.py",
        "lambda: _turn()(image, turned)", "lambda: image",
        f"{ORIENTATION} -k decoded_image",
    ),
    Break(
        "CenterCrop", "EXIF: the window of the stored image", "augment/decode.py",
        "*stored_window(corner, extent, size, turned)", "corner, extent",
        f"{ORIENTATION} -k 'upright_pixels and CenterCrop'",
    ),
    Break(
        "load", "links to folders are not followed", "data/walk_folders.py",
        "followlinks=True", "followlinks=False", "data/test_folder_sets.py -k links_to_folders",
    ),
    Break(
        "load", "decompression bombs are decoded", "data/pillow_image.py",
        "pixels > BOMB_RATIO * length", "pixels > 10**9 * length",
        "data/test_pillow_images.py -k too_many_pixels",
    ),
    Break(
        "load", "a cut tar file is taken for a whole one", "data/webdataset_shards.py",
        "            _check_end(path, archive.offset)\n", "",
        "data/test_webdataset.py -k truncated_and_damaged",
    ),
    Break(
        "load", "the header of a file of a tar is read as its image", "data/webdataset_shards.py",
        "image.offset_data", "image.offset",
        "data/test_webdataset.py -k what_the_package_writes",
    ),
    Break(
        "load", "two samples of a tar with the same key", "data/webdataset_shards.py",
        "(not members and key in keys) or ", "", "data/test_webdataset.py -k cannot_be_used",
    ),
    Break(
        "load", "the first bytes of a label are taken for all", "data/webdataset_shards.py",
        "len(text) > LABEL_BYTES or ", "", "data/test_webdataset.py -k cannot_be_used",
    ),
    Break(
        "load", "links in a tar are left out", "data/webdataset_shards.py",
        "if member.islnk() or member.issym():", "if False:", "data/test_webdataset.py -k links",
    ),
    Break(
        "load", "stale places in a tar are read", "data/webdataset_shards.py",
        "_size_in(header) != length", "False", "data/test_webdataset.py -k written_again",
    ),
    Break(
        "load", "the records of a shard in another order", "data/array_record_shards.py",
        "read([record])[0]", "read([record ^ 1])[0]",
        "data/test_shards.py -k 'images_and_labels and arrayrecord'",
    ),
    Break(
        "pipeline", "the steps of a killed worker are left out", "augment/served_batches.py",
        "yield waiting.pop(expected) if expected in waiting else make_here(expected)",
        "if expected in waiting: yield waiting.pop(expected)",
        "augment/test_service.py -k made_here_once",
    ),
    Break(
        "pipeline", "the window of the workers stays as it is", "augment/served_batches.py",
        "min(window + 1, MOST, ROOM // _bytes(batch))", "0", "augment/test_service.py -k far_apart",
    ),
    Break(
        "pipeline", "the window of the workers never falls", "augment/served_batches.py",
        "max(least, window - 1)", "window", "augment/test_service.py -k far_apart",
    ),
    Break(
        "pipeline", "batches wait in any number of bytes", "augment/served_batches.py",
        ", ROOM // _bytes(batch)", "", "augment/test_service.py -k have_room",
    ),
    Break(
        "pipeline", "batches as workers send them", "augment/served_batches.py",
        "if int(step) >= expected:", "if True:", "augment/test_service.py -k made_here_once",
    ),
    Break(
        "pipeline", "batches of one image are mixed in silence", "augment/batch_arguments.py",
        "if batch_size == 1 and mixing:", "if False:", "augment/test_pipeline.py -k of_one_image",
    ),
    Break(
        "pipeline", "a batch of arrays leaves out what a subclass changes", "augment/forms.py",
        "and not any(_is_changed(kind, owner, name) for name in methods)", "",
        "augment/test_whole_batches.py -k subclass",
    ),
]  # fmt: skip
