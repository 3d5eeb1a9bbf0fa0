"""Shards: the images of the folder bit for bit, and errors for what is not as it was written."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf

from kerasrecipes import augment, data
from kerasrecipes.data.shard import main, write_shards
from tests.data.drawn_images import draw, encoded, write, write_classes

HAS_ARRAY_RECORD = importlib.util.find_spec("array_record") is not None
FORMATS = [
    "tfrecord",
    "webdataset",
    pytest.param(
        "arrayrecord",
        marks=pytest.mark.skipif(not HAS_ARRAY_RECORD, reason="array_record is not installed"),
    ),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three sets of JPEG, PNG, and what is stored as PNG; numbers that shards do not divide."""
    root = tmp_path_factory.mktemp("images")
    for name, count in (("train", 7), ("validation", 2), ("test", 3)):
        write_classes(root / name, classes=("ant", "bee", "cat"), count=count)
    image = draw(50, (33, 21))
    extra = {"train/bee/x.png": encoded(image, "PNG"), "train/ant/x.bmp": encoded(image, "BMP")}
    return write(root, {**extra, "train/cat/x.webp": encoded(draw(51), "WEBP")})


@pytest.fixture(scope="module", params=FORMATS)
def written(request, folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("shards") / request.param
    write_shards(folder, out, request.param, shards=4)
    return request.param, out


@pytest.mark.slow
def test_the_images_and_labels_of_the_folder_in_its_order(folder, written):
    kind, out = written
    expected, result = data.load(folder), data.load(f"{kind}:{out}")
    assert result.class_names == ("ant", "bee", "cat")
    assert (result.channels, result.short_side) == (expected.channels, expected.short_side)
    assert result.class_sizes == expected.class_sizes and result.unchecked == 0
    for name in ("train", "validation", "test"):
        images = getattr(result, name)
        assert list(images) == list(getattr(expected, name))
        assert images[2] == getattr(expected, name)[2]


@pytest.mark.slow
def test_a_split_and_the_batches_of_training_are_those_of_the_folder(folder, written, tmp_path):
    kind, _ = written
    write_shards(folder / "train", tmp_path / "out", kind, shards=5)
    transforms = [augment.RandomScaleCrop(16), augment.RandomFlip(), augment.ColorJitter(0.3)]
    batches = [
        augment.pipeline(data.load(source, seed=3).train, transforms, 5, training=True, seed=2)
        for source in (folder / "train", f"{kind}:{tmp_path / 'out'}")
    ]
    for expected, result in zip(*(part.take(9).as_numpy_iterator() for part in batches)):
        for left, right in zip(expected, result):
            assert np.array_equal(left, right)


def test_what_stands_beside_the_shards(written):
    kind, out = written
    content = json.loads((out / "shards.json").read_text())
    assert content["format"] == kind and content["class_names"] == ["ant", "bee", "cat"]
    training = content["sets"]["train"]
    assert training["images"] == 24 and training["class_counts"] == [8, 8, 8]
    assert [shard["images"] for shard in training["shards"]] == [6, 6, 6, 6]
    sizes = {shard["file"]: shard["bytes"] for shard in training["shards"]}
    assert all(os.path.getsize(out / name) == size for name, size in sizes.items())
    listed = {s["file"] for part in content["sets"].values() for s in part["shards"]}
    assert {path.name for path in out.iterdir()} == listed | {"shards.json", "shards.npz"}


def test_a_pattern_takes_some_of_the_shards(written):
    kind, out = written
    some = data.load(f"{kind}:{out}/train-0000[12]*", split=(0.5, 0.5, 0))
    assert some.train_size + some.validation_size == 12


def copied(out, to):
    to.mkdir()
    for path in out.iterdir():
        (to / path.name).write_bytes(path.read_bytes())
    return to


def test_truncated_missing_and_changed_shards(written, tmp_path):
    kind, out = written
    out = copied(out, tmp_path / "out")
    shard = sorted(out.glob("train-00001*"))[0]
    contents = shard.read_bytes()
    shard.write_bytes(contents[:-5])
    with pytest.raises(ValueError, match="train-00001.*truncated or changed"):
        data.load(f"{kind}:{out}")
    shard.unlink()
    with pytest.raises(FileNotFoundError, match="train-00001.*missing"):
        data.load(f"{kind}:{out}")
    images = data.load(f"{kind}:{written[1]}/train-00001*", split=(0.5, 0.5, 0)).train
    image = next(image for image, _ in images if image in contents)
    middle = contents.find(image) + len(image) // 2
    shard.write_bytes(contents[:middle] + bytes([contents[middle] ^ 8]) + contents[middle + 1 :])
    with pytest.raises(ValueError, match=r"train-00001.*\[\d+\]: is not what was written"):
        data.load(f"{kind}:{out}", check="all")
    loaded = data.load(f"{kind}:{out}")
    with pytest.raises(tf.errors.OpError, match="corrupted record|has changed"):
        list(loaded.train)
    with pytest.raises(FileNotFoundError, match="no shards there"):
        data.load(f"{kind}:{out}/nothing*")
    (out / "shards.npz").write_bytes(b"PK")
    with pytest.raises(ValueError, match="missing or damaged"):
        data.load(f"{kind}:{out}")


def test_folders_of_shards_are_one_where_their_classes_are_the_same(written, tmp_path):
    kind, out = written
    copied(out, tmp_path / "first")
    second = copied(out, tmp_path / "second")
    with pytest.warns(UserWarning, match="twice"):
        both = data.load(f"{kind}:{tmp_path}/*/train-*", split=(0.5, 0.5, 0))
    assert both.train_size + both.validation_size == 48
    content = (second / "shards.json").read_text()
    (second / "shards.json").write_text(content.replace('"bee"', '"cow"'))
    with pytest.raises(ValueError, match="class lists of .*first and .*second differ"):
        data.load(f"{kind}:{tmp_path}/*/train-*")
    (second / "shards.json").unlink()
    with pytest.raises(ValueError, match="others have none|class lists"):
        data.load(f"{kind}:{tmp_path}/*/train-*")


@pytest.mark.slow
def test_without_their_index_shards_are_read_through(folder, written, tmp_path):
    kind, out = written
    out = copied(out, tmp_path / "out")
    (out / "shards.json").unlink()
    expected, result = data.load(folder), data.load(f"{kind}:{out}")
    assert result.class_names == ("0", "1", "2")
    for name in ("train", "validation", "test"):
        assert sorted(getattr(result, name)) == sorted(getattr(expected, name))
    shard = sorted(out.glob("train-00002*"))[0]
    contents = shard.read_bytes()
    shard.write_bytes(contents[: len(contents) // 2])
    with pytest.raises(ValueError, match="train-00002.*truncated"):
        data.load(f"{kind}:{out}")
    shard.unlink()
    with pytest.raises(FileNotFoundError, match="1 of 4 shards are missing: train-00002"):
        data.load(f"{kind}:{out}")


def test_examples_of_others(tmp_path):
    def feature(value):
        if isinstance(value, bytes):
            return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
        return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))

    def write_examples(name, **keys):
        with tf.io.TFRecordWriter(str(tmp_path / name)) as writer:
            for index in range(20):
                values = {key: feature(make(index)) for key, make in keys.items()}
                features = tf.train.Features(feature=values)
                writer.write(tf.train.Example(features=features).SerializeToString())

    keys = {
        "image/encoded": lambda index: b"bad" if index == 3 else encoded(draw(index)),
        "image/class/label": lambda index: index % 2,
        "image/filename": lambda index: b"name",
    }
    write_examples("imagenet-train-00000-of-00001", **keys)
    with pytest.warns(UserWarning, match=r"1 of 20 images cannot be used.*\[3\] \(no image"):
        loaded = data.load(f"tfrecord:{tmp_path}/imagenet*")
    assert loaded.train_size + loaded.validation_size + loaded.test_size == 19
    write_examples("other.tfrecord", picture=keys["image/encoded"])
    with pytest.raises(ValueError, match=r"must have the features .*Received: \['picture'\]"):
        data.load(f"tfrecord:{tmp_path}/other*")
    (tmp_path / "text.tfrecord").write_text("nothing of the kind, but longer than a header")
    with pytest.raises(ValueError, match="no TFRecord file, or corrupt"):
        data.load(f"tfrecord:{tmp_path}/text*")


@pytest.mark.slow
def test_the_command(folder, tmp_path, capsys):
    out = str(tmp_path / "out")
    assert main([str(folder), out, "--shards", "3"]) == 0
    assert capsys.readouterr().out == f"--data tfrecord:{out}\n"
    assert main([str(folder), out]) == 2
    assert "is not overwritten" in capsys.readouterr().err
    assert main([str(folder), f"{out}2", "--shards", "99"]) == 2
    assert "at most the 24 training images. Received: shards=99" in capsys.readouterr().err
    assert main([f"{folder}/none", f"{out}2"]) == 2
    assert os.listdir(tmp_path) == ["out"]


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
def test_a_killed_writer_leaves_nothing_at_its_place_and_its_rest_is_removed(tmp_path):
    write_classes(tmp_path / "images", count=2000)
    out, rest = tmp_path / "out", tmp_path / ".part-out"
    command = [sys.executable, "-m", "kerasrecipes.data.shard", tmp_path / "images", out]
    command += ["--shards", "500"]
    writer = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    while len(list(rest.glob("train-*")) if rest.exists() else []) < 20:
        assert writer.poll() is None
        time.sleep(0.01)
    writer.send_signal(signal.SIGSTOP)  # it would be done before the second one has started
    second = subprocess.run(command, capture_output=True, text=True)
    assert second.returncode == 2 and "in use by process" in second.stderr
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    assert rest.exists() and not out.exists()
    (rest / "train-of-another-run").write_text("")
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not rest.exists() and len(list(out.iterdir())) == 502
    assert list(data.load(f"tfrecord:{out}").test) == list(data.load(tmp_path / "images").test)
