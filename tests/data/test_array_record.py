"""ArrayRecord: its package reads ours, those of others are read, what is wrong is named."""

import importlib.util
import os

import pytest

from kerasrecipes import data
from kerasrecipes.data import array_record_shards, shard_source
from kerasrecipes.data.array_record_shards import open_writer
from kerasrecipes.data.folder_source import read_folder
from kerasrecipes.data.shard import write_shards
from kerasrecipes.data.tf_example import example, example_keys
from tests.data.drawn_images import draw, encoded, write_classes

IMAGES = [encoded(draw(number)) for number in range(20)]


def test_without_the_package_the_extra_is_named(tmp_path, monkeypatch):
    (tmp_path / "x.array_record").write_bytes(b"anything")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"pip install 'kerasrecipes\[arrayrecord\]'"):
        shard_source.read_shards("arrayrecord", str(tmp_path), strict=False)
    (tmp_path / "ant").mkdir()
    with pytest.raises(ImportError, match=r"kerasrecipes\[arrayrecord\]"):  # before any image
        write_shards(tmp_path, tmp_path / "out", "arrayrecord")


@pytest.mark.slow
def test_the_package_reads_what_is_written(tmp_path):
    source = pytest.importorskip("array_record.python.array_record_data_source")
    write_classes(tmp_path / "images", classes=("ant", "bee"), count=15)
    write_shards(tmp_path / "images", tmp_path / "out", "arrayrecord", shards=1)
    (path,) = (tmp_path / "out").glob("*.array_record")
    records = source.ArrayRecordDataSource(str(path))
    loaded = read_folder(tmp_path / "images", strict=True).sets["train"]
    assert [records[number] for number in range(30)] == [example(*pair) for pair in loaded]


def write_records(path, records, options="group_size:7"):
    module = pytest.importorskip("array_record.python.array_record_module")
    writer = module.ArrayRecordWriter(str(path), options)
    for record in records:
        writer.write(record)
    writer.close()
    return path


@pytest.mark.parametrize("options", ["group_size:1", "group_size:7"])
@pytest.mark.slow
def test_records_of_others(tmp_path, options):
    records = [example(image, number % 2) for number, image in enumerate(IMAGES)]
    path = write_records(tmp_path / "set-train.array_record-00000-of-00001", records, options)
    loaded = data.load(f"arrayrecord:{tmp_path}/set-train*", split=(0.5, 0.5, 0))
    both = sorted([*loaded.train, *loaded.validation])
    assert both == sorted((image, number % 2) for number, image in enumerate(IMAGES))
    folder = data.load(f"arrayrecord:{tmp_path}", split=(0.5, 0.5, 0))
    assert list(folder.train) == list(loaded.train)
    path.rename(tmp_path / "set-train.array_record-00001-of-00002")
    with pytest.raises(FileNotFoundError, match="1 of 2 shards are missing: .*00000-of-00002"):
        data.load(f"arrayrecord:{tmp_path}/set-train*")


def test_what_cannot_be_used(tmp_path):
    records = [example(image, number % 2) for number, image in enumerate(IMAGES)]
    path = write_records(tmp_path / "x.array_record", records, "group_size:1,uncompressed")
    contents = path.read_bytes()
    path.write_bytes(contents[:-50_000])
    with pytest.raises(ValueError, match="x.array_record: .*or truncated"):
        data.load(f"arrayrecord:{path}")
    at = contents.find(IMAGES[12]) + 99
    path.write_bytes(contents[:at] + bytes([contents[at] ^ 8]) + contents[at + 1 :])
    with pytest.raises(ValueError, match=r"x.array_record\[12\]: corrupt or truncated"):
        data.load(f"arrayrecord:{path}")
    write_records(path, [b"no example"])
    with pytest.raises(ValueError, match="no tf.train.Example"):
        data.load(f"arrayrecord:{path}")
    write_records(path, [*records, b""])
    with pytest.raises(ValueError, match=r"x.array_record\[20\]: an example without one integer"):
        data.load(f"arrayrecord:{path}")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is full")
def test_a_full_disk():
    pytest.importorskip("array_record.python.array_record_module")
    reason = pytest.raises(OSError, match="/dev/full: cannot be written .*No space left")
    with reason, open_writer("/dev/full") as write:
        for number in range(3):
            write(number, bytes(10**6), 0)


def test_how_many_shards_stay_open(monkeypatch):
    resource = pytest.importorskip("resource")
    for limit, expected in ((1024, 512), (10**6, 4096), (resource.RLIM_INFINITY, 4096)):
        monkeypatch.setattr(resource, "getrlimit", lambda _, limit=limit: (limit, limit))
        assert array_record_shards._open_files() == expected


def test_keys_of_examples():
    assert example_keys("x", example(b"", 0)) == ("image", "label")
