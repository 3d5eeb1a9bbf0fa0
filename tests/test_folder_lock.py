import os
import signal
import subprocess
import sys
import warnings

import pytest

from kerasrecipes._folder_lock import NAME, FolderIsLocked, FolderLock

HOLD = """
import sys, time
from kerasrecipes._folder_lock import FolderLock
lock = FolderLock(sys.argv[1])
lock.acquire()
print("held", flush=True)
if len(sys.argv) > 2:
    import os
    if os.fork() == 0:
        time.sleep(60)
        os._exit(0)
sys.stdin.read()
"""


def hold(folder, *more):
    """Start a process that holds the folder until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder), *more],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=os.path.dirname(os.path.dirname(__file__)),
    )
    assert process.stdout.readline() == "held\n"
    return process


@pytest.mark.slow
def test_second_process_is_refused_until_the_first_has_ended(tmp_path):
    process = hold(tmp_path)
    with pytest.raises(FolderIsLocked, match=f"in use by process {process.pid} on .*Received"):
        FolderLock(tmp_path).acquire()
    process.communicate()
    with warnings.catch_warnings(action="error"), FolderLock(tmp_path):
        assert os.listdir(tmp_path) == [NAME]
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("more", [(), ("fork",)], ids=["alone", "with a child that lives on"])
@pytest.mark.slow
def test_killed_process_keeps_nothing(tmp_path, more):
    process = hold(tmp_path, *more)
    process.send_signal(signal.SIGKILL)
    process.wait()
    with pytest.warns(UserWarning, match=f"Taking over .* from process {process.pid}"):
        FolderLock(tmp_path).acquire()


@pytest.mark.slow
def test_zombie_keeps_nothing(tmp_path):
    process = hold(tmp_path)
    process.send_signal(signal.SIGKILL)
    process.stdout.read()  # ended, and not waited for
    with pytest.warns(UserWarning, match="Taking over"), FolderLock(tmp_path):
        pass
    process.wait()


@pytest.mark.slow
def test_one_process_holds_a_folder_until_its_last_object_releases_it(tmp_path):
    first, second = FolderLock(tmp_path), FolderLock(tmp_path)
    first.acquire()
    first.acquire()
    second.acquire()
    first.release()
    first.release()
    with pytest.raises(subprocess.CalledProcessError):
        subprocess.run(
            [sys.executable, "-c", HOLD, str(tmp_path)],
            check=True, input="", text=True, capture_output=True,
            cwd=os.path.dirname(os.path.dirname(__file__)),
        )  # fmt: skip
    second.release()
    hold(tmp_path).communicate()


def test_folder_that_was_removed_is_held_again(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    lock = FolderLock(folder)
    lock.acquire()
    os.remove(folder / NAME)
    folder.rmdir()
    folder.mkdir()
    lock.acquire()
    assert os.listdir(folder) == [NAME]
    lock.release()
    assert os.listdir(folder) == []


def test_damaged_lock_file_is_taken(tmp_path):
    (tmp_path / NAME).write_bytes(b"\xff{")
    with FolderLock(tmp_path):
        pass


@pytest.mark.slow
def test_disk_without_locks_goes_by_the_process(tmp_path, monkeypatch):
    def no_locks(*arguments):
        raise OSError(37, "No locks available")

    monkeypatch.setattr("kerasrecipes._folder_lock.fcntl.lockf", no_locks)
    process = hold(tmp_path)
    with pytest.raises(FolderIsLocked, match="this disk has no locks"):
        FolderLock(tmp_path).acquire()
    process.kill()
    process.wait()
    with pytest.warns(UserWarning, match="Taking over"), FolderLock(tmp_path):
        pass
