"""Tar files of WebDataset: its package reads ours and writes for us; what is wrong is named."""

import gzip
import io
import tarfile

import numpy as np
import pytest

from kerasrecipes import data
from kerasrecipes.data.folder_source import read_folder
from kerasrecipes.data.shard import write_shards
from kerasrecipes.data.webdataset_shards import record_reader, scan
from tests.data.drawn_images import draw, encoded, write_classes

IMAGES = [encoded(draw(number), "PNG" if number % 3 else "JPEG") for number in range(12)]


def archive(path, files, **options):
    """Write a tar of (name, bytes)."""
    with tarfile.open(path, "w", **options) as tar:
        for name, content in files:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def samples(count=12):
    for number in range(count):
        suffix = "png" if number % 3 else "jpg"
        yield f"{number:04}.{suffix}", IMAGES[number]
        yield f"{number:04}.cls", str(number % 2).encode()


@pytest.mark.slow
def test_the_package_reads_what_is_written(tmp_path):
    webdataset = pytest.importorskip("webdataset")
    write_classes(tmp_path / "images", classes=("ant", "bee"), count=15)
    write_shards(tmp_path / "images", tmp_path / "out", "webdataset", shards=2)
    found = []
    for path in sorted((tmp_path / "out").glob("*.tar")):
        for sample in webdataset.WebDataset(str(path), shardshuffle=False):
            image = sample["jpg"] if "jpg" in sample else sample["png"]
            found.append((int(sample["__key__"]), image, int(sample["cls"])))
    loaded = read_folder(tmp_path / "images", strict=True).sets["train"]
    assert [pair[1:] for pair in sorted(found)] == list(loaded)


def test_what_the_package_writes_is_read(tmp_path):
    webdataset = pytest.importorskip("webdataset")
    with webdataset.TarWriter(str(tmp_path / "a-train.tar")) as writer:
        for number in (5, 1, 8, 3):
            key = "png" if number % 3 else "jpg"
            extra = {"json": {"caption": "x" * 900}, "seg.png": IMAGES[0]}
            writer.write(
                {"__key__": f"d/{number}", key: IMAGES[number], "cls": number % 2, **extra}
            )
    arrays = scan(tmp_path / "a-train.tar")
    assert arrays["labels"].tolist() == [1, 1, 0, 1]
    read = record_reader([])
    path = str(tmp_path / "a-train.tar")
    result = [read(path, *place, 0).numpy() for place in zip(arrays["offsets"], arrays["lengths"])]
    assert result == [IMAGES[5], IMAGES[1], IMAGES[8], IMAGES[3]]


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.slow
def test_long_names_and_folders_in_each_form_of_tar(tmp_path, form):
    files = [(f"{'folder' * 12}/{'k' * 60}{name}", content) for name, content in samples()]
    path = archive(
        tmp_path / "x.tar", [*files, (".hidden", b""), ("./.DS_Store", b"")], format=form
    )
    loaded = data.load(f"webdataset:{path}", split=(0.5, 0.5, 0), check="all")
    both = sorted([*loaded.train, *loaded.validation])
    assert both == sorted((IMAGES[number], number % 2) for number in range(12))


def spoiled(change):
    """The bytes of a good archive, changed."""
    path = io.BytesIO()
    with tarfile.open(fileobj=path, mode="w") as tar:
        for name, content in samples():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        end = tar.offset
    return change(path.getvalue(), end)


def flip(contents, at):
    changed = np.frombuffer(contents, np.uint8).copy()
    changed[at] ^= 8
    return changed.tobytes()


SPOILED = {
    "in a file": (lambda tar, end: tar[: end - 1100], "no tar file, compressed, or truncated"),
    "between files": (lambda tar, end: tar[:end], "truncated: it has no end mark"),
    "in the end mark": (lambda tar, end: tar[: end + 512], "truncated: it has no end mark"),
    "a header": (lambda tar, end: flip(tar, end - 1024 + 4), "damaged: byte .* begins neither"),
    "the first header": (lambda tar, end: flip(tar, 4), "no tar file, compressed"),
    "two in one": (lambda tar, end: tar + tar, "damaged: .*put together by `cat`"),
    "compressed": (lambda tar, end: gzip.compress(tar), "no tar file, compressed.*plain .tar"),
    "empty": (lambda tar, end: b"", "no tar file"),
}


@pytest.mark.parametrize("name", SPOILED)
def test_truncated_and_damaged_archives(tmp_path, name):
    change, message = SPOILED[name]
    path = tmp_path / "x.tar"
    path.write_bytes(spoiled(change))
    with pytest.raises(ValueError, match=f"x.tar: {message}"):
        data.load(f"webdataset:{path}")


WRONG = {
    "no label": ([("b.jpg", IMAGES[0])], "one image and its class number in .cls. .*'b' with jpg"),
    "no image": ([("b.cls", b"1")], "Received: 'b' with cls"),
    "two images": ([("b.jpg", b""), ("b.png", b""), ("b.cls", b"1")], "with jpg, png, cls"),
    "a name": ([("b.jpg", IMAGES[0]), ("b.cls", b"cat")], r"a class number. .*'b' with .*cat"),
    "a label of 23 digits": (
        [("b.jpg", IMAGES[0]), ("b.cls", b"0" * 22 + b"1")],
        "class number. .*'b'",
    ),
    "a word after 20 bytes": (
        [("b.jpg", IMAGES[0]), ("b.cls", b"1" + b" " * 20 + b"cats")],
        "class number. .*'b'",
    ),
    "an underscore": ([("b.jpg", IMAGES[0]), ("b.cls", b"1_0")], "class number. .*'b' with .*1_0"),
    "30 digits": ([("b.jpg", IMAGES[0]), ("b.cls", b"9" * 30)], "class number. .*'b'"),
    "file twice": (
        [("b.cls", b"1"), ("b.cls", b"1"), ("b.jpg", b"")],
        "the key 'b' is there twice",
    ),
    "key twice": (
        [("b.jpg", IMAGES[0]), ("b.cls", b"1"), ("0001.jpg", IMAGES[0]), ("0001.cls", b"0")],
        "the key '0001' is there twice",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_samples_that_cannot_be_used(tmp_path, name):
    files, message = WRONG[name]
    archive(tmp_path / "x.tar", [*samples(), *files])
    with pytest.raises(ValueError, match=f"x.tar: .*{message}"):
        data.load(f"webdataset:{tmp_path}/*.tar")


def test_files_that_are_of_no_sample(tmp_path):
    files = [(name.upper(), content) for name, content in samples()]
    others = [("README", b"text"), ("d/LICENSE", b"text"), ("d/", b"?"), ("", b"?")]
    arrays = scan(archive(tmp_path / "x.tar", [*others, *files, *others]))
    assert arrays["labels"].tolist() == [number % 2 for number in range(12)]
    archive(tmp_path / "x.tar", others)
    with pytest.raises(ValueError, match="x.tar: has no sample"):
        data.load(f"webdataset:{tmp_path}/x.tar")


def test_metadata_are_skipped_as_the_package_does_and_images_are_not(tmp_path):
    meta = [
        ("__meta__", b"?"),
        ("__meta__/0.jpg", b"?"),
        ("./__m__/a/0.cls", b"?"),
        ("__meta__.json", b"{}"),
        ("__an image__.jpg", IMAGES[0]),
        ("__an image__.cls", b"7"),
        ("__b.jpg", IMAGES[0]),
        ("__b.cls", b"8"),
    ]
    path = archive(tmp_path / "x.tar", [*meta, *samples(2)])
    assert scan(path)["labels"].tolist() == [7, 8, 0, 1]
    webdataset = pytest.importorskip("webdataset")
    archive(path, [*(one for one in meta if one[0] != "./__m__/a/0.cls"), *samples(2)])
    found = list(webdataset.WebDataset(str(path), shardshuffle=False))
    assert [int(one["cls"]) for one in found if "cls" in one] == [7, 8, 0, 1]


@pytest.mark.parametrize("kind", [tarfile.LNKTYPE, tarfile.SYMTYPE])
def test_links_are_refused(tmp_path, kind):
    archive(tmp_path / "x.tar", samples())
    with tarfile.open(tmp_path / "x.tar", "a") as tar:
        for suffix in ("jpg", "cls"):
            link = tarfile.TarInfo(f"b.{suffix}")
            link.type, link.linkname = kind, f"0000.{suffix}"
            tar.addfile(link)
    with pytest.raises(ValueError, match="x.tar: 'b.jpg' is a link.*--hard-dereference"):
        scan(tmp_path / "x.tar")


def test_sparse_files_are_refused(tmp_path):
    with tarfile.open(tmp_path / "x.tar", "w", format=tarfile.PAX_FORMAT) as tar:
        member = tarfile.TarInfo("b.jpg")
        member.size = 4
        member.pax_headers = {"GNU.sparse.map": "0,2,6,2", "GNU.sparse.size": "8"}
        tar.addfile(member, io.BytesIO(b"abcd"))
    with pytest.raises(ValueError, match="x.tar: 'b.jpg' is a sparse file"):
        scan(tmp_path / "x.tar")


@pytest.mark.slow
def test_an_image_without_bytes_is_skipped_and_named(tmp_path):
    archive(tmp_path / "x.tar", [*samples(), ("e.jpg", b""), ("e.cls", b"1")])
    with pytest.warns(UserWarning, match=r"1 of 13 images cannot be used.*x.tar\[12\]"):
        data.load(f"webdataset:{tmp_path}/*.tar", split=(0.5, 0.5, 0))


def test_a_shard_that_was_cut_after_it_was_listed(tmp_path):
    path = archive(tmp_path / "x.tar", samples())
    loaded = data.load(f"webdataset:{path}", split=(0.5, 0.5, 0))
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(Exception, match="truncated"):
        list(loaded.train)


def test_a_shard_that_was_written_again_after_it_was_listed(tmp_path):
    path = archive(tmp_path / "x.tar", samples())
    loaded = data.load(f"webdataset:{path}", split=(0.5, 0.5, 0))
    size = path.stat().st_size
    archive(path, reversed([*samples()]))
    assert path.stat().st_size == size
    with pytest.raises(Exception, match="changed since it was listed"):
        list(loaded.train)


def test_a_pattern_that_nothing_matches(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"webdataset:.*\{0..3\}.tar: no shards there; braces are not"
    ):
        data.load(f"webdataset:{tmp_path}/x-{{0..3}}.tar")
