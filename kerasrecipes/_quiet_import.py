"""Imports of TensorFlow without the lines that it prints whatever its log level is."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator

# Logged while the library is loaded, before TensorFlow reads its log level: on processors with
# AVX-512 only.
_LINES = (
    b"All log messages before absl::InitializeLog() is called are written to STDERR",
    b"oneDNN custom operations are on.",
)


@contextlib.contextmanager
def quiet_import() -> Iterator[None]:
    """Hold back what is written to standard error, and leave out these lines at the end.

    Nothing is held back where `TF_CPP_MIN_LOG_LEVEL=0` asks for all of it, or where TensorFlow is
    imported already.
    """
    if os.environ.get("TF_CPP_MIN_LOG_LEVEL") == "0" or "tensorflow" in sys.modules:
        yield
        return
    with contextlib.ExitStack() as stack:
        try:
            stderr = os.dup(2)
            stack.callback(os.close, stderr)
            held = stack.enter_context(tempfile.TemporaryFile())
        except OSError:  # no standard error, or no room for the file
            stack.close()
            yield
            return
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            held.seek(0)
            kept = [line for line in held if not any(part in line for part in _LINES)]
            with contextlib.suppress(OSError), open(stderr, "wb", closefd=False) as file:
                file.write(b"".join(kept))  # unless nobody reads it any more
