"""A lock for a folder, so that one process at a time writes to it; it ends with the process."""

import atexit
import contextlib
import json
import os
import pathlib
import socket

from kerasrecipes._printable import printable
from kerasrecipes._warning import warn

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

NAME = ".lock"


class FolderIsLocked(ValueError):
    """Another process writes to the folder; the message says which."""


class FolderLock:
    """Holds a folder for this process, from `acquire` to `release`.

    The file `.lock` in the folder names host and process, and has a lock of the operating system,
    which ends when the process dies, even on another host of a shared disk. If a killed process
    left its file behind, it is taken over with a warning. Several objects of one process can hold
    the same folder; the last one that releases it unlocks it.

    Args:
        folder: path of a folder that exists when the lock is acquired.

    Raises:
        FolderIsLocked: by `acquire`, if another process holds the folder.
        OSError: by `acquire`, if the folder cannot be written.

    Example:

    >>> import os, tempfile
    >>> from kerasrecipes._folder_lock import FolderLock
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with FolderLock(folder):
    ...         print(os.listdir(folder))
    ...     print(os.listdir(folder))
    ['.lock']
    []
    """

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self._file = None

    def __enter__(self):
        self.acquire()
        return self

    def __exit__(self, kind, error, traceback):
        self.release()

    def acquire(self):
        """Lock the folder; does nothing if this object holds it already."""
        if self._file is not None and self._file.is_in_place():
            return
        self.release()
        path = os.path.realpath(self.folder / NAME)
        file = _held.get((os.getpid(), path))
        if file is None or not file.is_in_place():
            file = _LockedFile(path)
            _held[os.getpid(), path] = file
        file.holders += 1
        self._file = file

    def release(self):
        """Unlock the folder."""
        file, self._file = self._file, None
        if file is not None:
            file.holders -= 1
            if not file.holders:
                _held.pop((os.getpid(), file.path), None)
                file.remove()


class _LockedFile:
    """A lock file that this process has locked.

    The locks belong to the process (`lockf`), so that child processes that load data do not inherit
    them. Such a lock ends when the process closes ANY descriptor of the file: no other code of the
    process may open it.
    """

    def __init__(self, path):
        self.path, self.holders, self._process = path, 0, os.getpid()
        self._descriptor = _open_locked(path)
        holder = _read(self._descriptor)
        if holder:
            warn(
                f"Taking over {printable(os.path.dirname(path))} from {_name(holder)}, which ended "
                "without releasing it.",
            )
        this = {"host": socket.gethostname(), "pid": os.getpid()}
        os.truncate(self._descriptor, 0)
        os.pwrite(self._descriptor, json.dumps(this).encode(), 0)

    def is_in_place(self):
        """Return whether the file still exists, and the folder with it."""
        return self._process == os.getpid() and _is_same(self._descriptor, self.path)

    def remove(self):
        if self._process != os.getpid():
            return
        if self.is_in_place():
            with contextlib.suppress(OSError):
                os.remove(self.path)
        os.close(self._descriptor)


_held = {}


@atexit.register
def _remove_all():
    for file in _held.values():
        file.remove()
    _held.clear()


def _open_locked(path):
    """Return a descriptor of the lock file, locked, or raise `FolderIsLocked`."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(descriptor, path)
            if _is_same(descriptor, path):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # its holder removed it before we locked it


def _lock(descriptor, path):
    try:
        if fcntl is not None:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
    except (BlockingIOError, PermissionError):
        raise FolderIsLocked(_message(path, _read(descriptor))) from None
    except OSError:
        pass  # a disk without locks
    holder = _read(descriptor)
    if holder and _may_be_alive(holder):
        raise FolderIsLocked(
            f"{_message(path, holder)}. If that process has ended, remove {printable(path)}: "
            "this disk has no locks"
        )


def _may_be_alive(holder):
    if holder.get("host") != socket.gethostname() or os.name == "nt":
        return True
    try:
        os.kill(holder["pid"], 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _is_same(descriptor, path):
    with contextlib.suppress(OSError):
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    return False


def _read(descriptor):
    """Return the host and process of the holder; {} if the file is empty or damaged."""
    try:
        content = json.loads(os.pread(descriptor, 4096, 0))
        return {"host": str(content["host"]), "pid": int(content["pid"])}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _name(holder):
    return f"process {holder['pid']} on {holder['host']}" if holder else "another process"


def _message(path, holder):
    folder = os.path.dirname(path)
    return (
        f"The folder {folder!r} is in use by {_name(holder)}: wait until it ends, or use another "
        f"folder. Received: {folder!r}"
    )
