"""Keys pressed in a terminal, one at a time, without Enter and without an echo."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from streamrec.window import END_KEY

Keys = Callable[[float], str]
"""Waits for so many seconds at most; returns what was pressed meanwhile."""

_MOST = 64  # bytes; more were not typed


@contextmanager
def terminal_keys() -> Iterator[Keys]:
    """Give the keys of the terminal, which is left as it was; of none, where there is none."""
    if not sys.stdin.isatty():
        yield no_keys
    elif sys.platform == "win32":
        yield _console_keys
    else:
        import termios
        import tty

        terminal = sys.stdin.fileno()
        before = termios.tcgetattr(terminal)
        try:
            tty.setcbreak(terminal)
            yield lambda wait_s: _typed(terminal, wait_s)
        finally:
            with suppress(termios.error):  # the terminal is gone
                termios.tcsetattr(terminal, termios.TCSANOW, before)


def no_keys(wait_s: float) -> str:
    """Wait; nothing is pressed."""
    time.sleep(wait_s)
    return ""


def _typed(terminal: int, wait_s: float) -> str:
    """Return what was typed; arrows and the like, which begin with Esc, count as nothing.

    A terminal that is gone has asked for the end, also where its signal is ignored.
    """
    import select

    if not select.select([terminal], [], [], wait_s)[0]:
        return ""
    try:
        typed = os.read(terminal, _MOST)
    except OSError:  # the terminal is gone
        typed = b""
    if not typed:
        return END_KEY
    return "" if len(typed) > 1 and typed[:1] == b"\x1b" else typed.decode(errors="ignore")


def _console_keys(wait_s: float) -> str:
    if sys.platform != "win32":
        raise AssertionError("a console is Windows's")
    import msvcrt

    if not msvcrt.kbhit():
        return no_keys(wait_s)
    key = msvcrt.getwch()
    if key in "\x00\xe0":  # the first half of an arrow or the like
        msvcrt.getwch()
        return ""
    return key
