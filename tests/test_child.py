"""A second process and the line to it, with real processes."""

import os
import socket
import sys
import time

import pytest
from msgspec import Struct

from streamrec.child import MAX_MESSAGE_BYTES, Child, Line, LineClosedError, restart_wait_s

SILENT = "import time\ndef serve(connected): time.sleep(60)\n"
ECHO = (
    "import sys\nsys.path.insert(0, {tests!r})\n"
    "from child_words import Word\nfrom streamrec.child import Line\n"
    "def serve(connected):\n    line = Line(connected, Word)\n"
    "    while True: line.send(line.receive())\n"
)


class Word(Struct):
    text: str


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Start children that run a program."""
    monkeypatch.syspath_prepend(str(tmp_path))
    running = []

    def run(program):
        name = f"child_program_{len(running)}"
        (tmp_path / f"{name}.py").write_text(program)
        (tmp_path / "child_words.py").write_text(
            "from msgspec import Struct\nclass Word(Struct):\n    text: str\n"
        )
        running.append(Child(name, Word))
        return running[-1]

    yield run
    for child in running:
        child.kill()


@pytest.fixture
def lines():
    ours, theirs = socket.socketpair()
    pair = Line(ours, Word), Line(theirs, Word)
    yield pair
    for line in pair:
        line.close()


def test_messages_go_to_a_child_and_back(start, tmp_path):
    child = start(ECHO.format(tests=str(tmp_path)))
    for text in ("one", "x" * 100_000):
        child.line.send(Word(text))
        assert child.line.receive(10) == Word(text)


def test_a_child_ends_when_its_owner_hangs_up(start, tmp_path):
    child = start(ECHO.format(tests=str(tmp_path)))
    child.line.send(Word("up?"))
    child.line.receive(10)
    child.line.close()
    assert child.await_end(10) == 0


def test_a_child_that_does_not_listen_is_killed(start):
    child = start(SILENT)
    assert child.ended() is None
    child.stop(patience_s=0.1)
    child.kill()
    assert child.ended() is not None


def test_a_child_that_crashes_is_told_from_one_that_waits(start):
    child = start("import os\ndef serve(connected): os._exit(7)\n")
    with pytest.raises(LineClosedError):
        child.line.receive(10)
    assert child.await_end(10) == 7


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX process groups")
def test_the_terminals_ctrl_c_does_not_reach_a_child(start):
    assert os.getpgid(start(SILENT).pid) != os.getpgid(0)


def test_nothing_received_in_time_is_none(lines):
    began_s = time.monotonic()
    assert lines[0].receive(0.05) is None
    assert time.monotonic() - began_s >= 0.05


def test_what_is_no_message_or_too_long_closes_the_line():
    for sent in (b"\x00\x00\x00\x01\xc1", (MAX_MESSAGE_BYTES + 1).to_bytes(4, "big")):
        ours, theirs = socket.socketpair()
        with theirs:
            theirs.sendall(sent)
            line = Line(ours, Word)
            with pytest.raises(LineClosedError, match="message"):
                line.receive(1)
            line.close()


def test_what_was_sent_before_the_other_end_closed_is_still_received(lines):
    lines[1].send(Word("last"))
    lines[1].close()
    assert lines[0].receive(1) == Word("last")
    with pytest.raises(LineClosedError):
        lines[0].receive(1)


@pytest.mark.parametrize(
    ("deaths", "wait_s"), [(1, 0), (2, 1), (3, 2), (4, 4), (6, 16), (7, 30), (100, 30)]
)
def test_the_wait_for_a_new_child_grows_while_it_dies_again_and_again(deaths, wait_s):
    assert restart_wait_s(deaths) == wait_s
