"""Ctrl-C during the imports of a script ends it without a traceback."""

import os
import signal
import sys
import threading


def begin():
    """Let Ctrl-C end the process at once with status 130, until `end` is called.

    Not by an exception: code that is being imported may catch it, or print it and go on.
    """
    if _may_be_set(signal.default_int_handler):
        signal.signal(signal.SIGINT, _quit)


def end():
    """Let Ctrl-C raise `KeyboardInterrupt` again."""
    if _may_be_set(_quit):
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _may_be_set(handler):
    is_main = threading.current_thread() is threading.main_thread()
    return is_main and signal.getsignal(signal.SIGINT) is handler


def _quit(number, frame):
    try:
        sys.stdout.flush()
    finally:
        os._exit(128 + number)
