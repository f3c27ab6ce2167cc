"""Keys of a real terminal, a pseudo-terminal."""

import os
import sys
from pathlib import Path

import pytest

from streamrec.collecting.terminal import terminal_keys

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals here")


@pytest.fixture
def terminal(monkeypatch):
    """The side where a person types; the other one is standard input."""
    person, program = os.openpty()
    with os.fdopen(program, "rb", buffering=0) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield person
    os.close(person)


def modes():
    import termios

    return termios.tcgetattr(sys.stdin.fileno())[:4]


def test_keys_come_at_once_and_without_an_echo(terminal):
    before = modes()
    with terminal_keys() as keys:
        os.write(terminal, b"1")
        assert keys(5.0) == "1"
        os.write(terminal, "cé\x7f\n".encode())
        assert keys(5.0) == "cé\x7f\n"
        assert keys(0.0) == ""
        assert modes() != before
    os.set_blocking(terminal, False)
    with pytest.raises(BlockingIOError):
        os.read(terminal, 1)


def test_the_terminal_is_left_as_it_was_whatever_happens(terminal):
    before = modes()
    with pytest.raises(KeyboardInterrupt), terminal_keys():
        raise KeyboardInterrupt
    assert modes() == before


def test_an_arrow_is_no_letter_and_escape_is_a_key(terminal):
    with terminal_keys() as keys:
        os.write(terminal, b"\x1b[A")
        assert keys(5.0) == ""
        os.write(terminal, b"\x1b")
        assert keys(5.0) == "\x1b"


def test_without_a_terminal_there_are_no_keys(monkeypatch):
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        with terminal_keys() as keys:
            assert keys(0.0) == ""
