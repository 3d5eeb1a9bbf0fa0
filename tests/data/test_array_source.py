"""Arrays: shapes, random access without a copy in the graph, splits."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasrecipes import augment, callbacks, data


def arrays(count=40, classes=4, shape=(6, 5, 3), seed=0):
    random = np.random.default_rng(seed)
    x = random.integers(0, 256, (count, *shape), dtype=np.uint8)
    return x, random.permutation(np.arange(count) % classes)


def stacked(dataset):
    images, labels = zip(*dataset)
    return np.stack(images), np.stack(labels)


def test_own_sets_are_kept_in_order():
    x, y = arrays()
    a, b = arrays(12, seed=1)
    for source in ((x, y, a, b), ((x, y), (a, b)), [x, y, a, b]):
        loaded = data.load(source)
        for dataset, images, labels in ((loaded.train, x, y), (loaded.test, a, b)):
            found = stacked(dataset)
            np.testing.assert_array_equal(found[0], images)
            np.testing.assert_array_equal(found[1], labels)
            assert found[0].dtype == np.uint8 and found[1].dtype == np.int64
            assert dataset.dataset().element_spec[1].dtype == tf.int64
        assert loaded.validation is None
        assert loaded.class_names == ("0", "1", "2", "3")
        assert (loaded.channels, loaded.short_side, loaded.encoded) == (3, 5, False)
        assert (loaded.train_size, loaded.validation_size, loaded.test_size) == (40, 0, 12)
        assert (loaded.name, loaded.skipped, loaded.ignored) == ("arrays", (), 0)


def test_a_mapping_has_the_keys_of_an_npz():
    x, y = arrays()
    names = ["a", "b", "c", "d"]
    source = {"x_train": x, "y_train": y, "x_validation": x[:8], "y_validation": y[:8]}
    loaded = data.load({**source, "class_names": names})
    assert loaded.class_names == tuple(names)
    assert loaded.validation_size == 8 and loaded.test is None


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.uint64])
def test_shapes_without_channels_and_labels_in_a_column(dtype):
    x, y = arrays(shape=(6, 5))
    loaded = data.load((x, y[:, np.newaxis].astype(dtype), x, y.astype(dtype)))
    images, labels = stacked(loaded.train)
    np.testing.assert_array_equal(images, x[..., np.newaxis])
    np.testing.assert_array_equal(labels, y)
    assert loaded.channels == 1
    assert loaded.train.element_spec[0].shape == (6, 5, 1)


def test_a_single_set_is_split_by_class_and_seed():
    x, y = arrays(400)
    x[:, 0, 0, 0], x[:, 0, 0, 1] = np.arange(400) // 256, np.arange(400) % 256

    def places(dataset):
        images, labels = stacked(dataset)
        found = images[:, 0, 0, 0].astype(int) * 256 + images[:, 0, 0, 1]
        np.testing.assert_array_equal(images, x[found])
        np.testing.assert_array_equal(labels, y[found])
        return found

    loaded, again, other = (data.load((x, y), seed=seed) for seed in (1, 1, 2))
    parts = [places(part) for part in (loaded.train, loaded.validation, loaded.test)]
    assert [*map(len, parts)] == [320, 40, 40]
    assert np.bincount(y[parts[1]]).tolist() == [10] * 4
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(400))
    np.testing.assert_array_equal(parts[2], places(again.test))
    assert not np.array_equal(parts[2], places(other.test))


def test_element_gathers_any_index_in_a_graph():
    x, y = arrays()
    loaded = data.load((x, y, x, y), split=(0.75, 0.25))
    images, labels = stacked(loaded.train)
    for index in (29, 0, 17):
        image, label = tf.function(loaded.train.element)(tf.constant(index, tf.int64))
        np.testing.assert_array_equal(image, images[index])
        assert int(label) == labels[index]
    assert int(loaded.train.dataset().cardinality()) == loaded.train_size == 30


def test_arrays_are_not_constants_of_the_graph():
    x, y = arrays(1000, shape=(32, 32, 3))
    element = tf.function(data.load((x, y, x, y)).train.element)
    concrete = element.get_concrete_function(tf.TensorSpec((), tf.int64))
    assert concrete.graph.as_graph_def().ByteSize() < 20_000
    assert x.nbytes > 3_000_000


@pytest.mark.soak
def test_arrays_of_more_than_two_gigabytes():
    x = np.zeros((2200, 1024, 1024, 1), np.uint8)
    x[-1] = 7
    y = np.arange(2200) % 2
    loaded = data.load((x, y, x[:2], y[:2]))
    last = tf.data.Dataset.from_tensors(tf.constant(2199, tf.int64)).map(loaded.train.element)
    image, label = last.get_single_element()
    assert int(image[5, 5, 0]) == 7 and int(label) == 1


def test_a_class_without_training_images_is_a_warning():
    x, y = arrays()
    with pytest.warns(UserWarning, match="no training image of class '4', '5'"):
        data.load({"x_train": x, "y_train": y, "class_names": list("012345")})


@pytest.mark.parametrize("other", ["images", "labels"])
@pytest.mark.slow
def test_a_run_goes_on_with_the_same_images_and_labels_alone(other, tmp_path):
    x, y = arrays(8)

    def train(x, y, epochs):
        keras.utils.set_random_seed(1)
        resume = callbacks.Resume(tmp_path)
        source = data.load((x, y, *arrays(4, seed=1))).train
        batches = augment.pipeline(source, [], 4, training=True, start_step=resume.step)
        model = keras.Sequential([keras.Input((6, 5, 3)), keras.layers.Flatten()])
        model.add(keras.layers.Dense(4, "softmax"))
        model.compile("sgd", "sparse_categorical_crossentropy")
        model.fit(batches, epochs=epochs, steps_per_epoch=2, verbose=0, callbacks=[resume])

    train(x, y, 1)
    train(x, y, 2)
    changed = (255 - x, y) if other == "images" else (x, y[::-1])
    with pytest.raises(ValueError, match=r"data x: 8 images .*in the state, 8 images"):
        train(*changed, 3)


def test_a_function_reads_images_in_memory():
    """`in_memory` says that images have one size; what reads them may be any function."""
    pixels, labels = np.arange(5 * 4 * 3 * 1, dtype="uint8").reshape(5, 4, 3, 1), np.arange(5)
    tensor = tf.constant(pixels)
    source = data.ImageSource(
        labels, np.full(5, 3), lambda index: tf.gather(tensor, index), labels, str, in_memory=True
    )
    some = source[[3, 1, 4]]
    for one, places in ((source, range(5)), (some, (3, 1, 4))):
        for (image, label), place in zip(one, places, strict=True):
            np.testing.assert_array_equal(image, pixels[place])
            assert label == place
        assert one.element_spec[0].shape == (4, 3, 1)
        images, _ = next(iter(augment.pipeline(one, [], 3, training=False)))
        np.testing.assert_array_equal(images, pixels[list(places)[:3]])
        images, _ = next(iter(augment.OnDevice([]).batches(one, 3, training=False)))
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(images), pixels[list(places)[:3]])
    np.testing.assert_array_equal(some[0][0], pixels[3])
