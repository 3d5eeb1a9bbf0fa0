"""A write that is cut at any moment leaves the old file or the new one."""

import os

import pytest

from kerasrecipes import _atomic_write
from kerasrecipes._atomic_write import atomic_write, remove_parts


def test_file_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path):
    path = tmp_path / "best.keras"
    path.write_bytes(b"old")
    with atomic_write(path) as temporary:
        assert temporary.parent == path.parent and temporary.suffix == ".keras"
        temporary.write_bytes(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["best.keras"]


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_failure_leaves_the_old_file_and_no_other(tmp_path, error):
    path = tmp_path / "history.csv"
    path.write_text("old")
    with pytest.raises(type(error)), atomic_write(path) as temporary:
        temporary.write_text("half")
        raise error
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["history.csv"]


def test_file_and_then_its_folder_are_synced_around_the_rename(tmp_path, monkeypatch):
    calls, fsync, replace = [], os.fsync, os.replace

    def record_sync(descriptor):
        kind = "folder" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "file"
        calls.append(kind)
        fsync(descriptor)

    def record_rename(source, target):
        calls.append("rename")
        replace(source, target)

    monkeypatch.setattr(_atomic_write.os, "fsync", record_sync)
    monkeypatch.setattr(_atomic_write.os, "replace", record_rename)
    with atomic_write(tmp_path / "state.bin") as temporary:
        temporary.write_bytes(b"state")
    assert calls == ["file", "rename", "folder"]


def test_folder_is_replaced_as_a_whole(tmp_path):
    path = tmp_path / "saved_model"
    path.mkdir()
    (path / "old").write_text("old")
    with atomic_write(path) as temporary:
        (temporary / "variables").mkdir(parents=True)
        (temporary / "variables" / "data").write_text("new")
    assert [found.name for found in path.rglob("*")] == ["variables", "data"]


def test_parts_of_a_killed_process_are_removed_and_nothing_else(tmp_path):
    (tmp_path / ".part-model.keras").write_text("half")
    (tmp_path / ".part-saved_model").mkdir()
    (tmp_path / "model.keras").write_text("whole")
    remove_parts(tmp_path)
    assert os.listdir(tmp_path) == ["model.keras"]
