"""Progress on stderr."""

import subprocess
import sys

import pytest

from streamrec.cli.progress import download_progress


@pytest.fixture
def on_terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    return lambda: monkeypatch.setattr(sys.stderr, "isatty", lambda: True)


def test_a_terminal_sees_what_is_fetched_and_how_much(on_terminal, capsys):
    on_terminal()
    with download_progress("movinet-a0-stream") as progress:
        progress(1_000_000, 2_000_000)
        progress(2_000_000, 2_000_000)
    out, err = capsys.readouterr()
    assert out == "" and "loading movinet-a0-stream" in err and "2.0/2.0 MB" in err


def test_a_terminal_sees_what_is_loaded_before_any_byte_has_come(on_terminal, capsys):
    on_terminal()
    with download_progress("movinet-a0-stream"):
        pass
    out, err = capsys.readouterr()
    assert out == "" and "loading movinet-a0-stream" in err


def test_a_pipe_sees_nothing(capsys):
    with download_progress("movinet-a0-stream") as progress:
        progress(1_000_000, None)
    assert capsys.readouterr() == ("", "")


def test_a_pipe_does_not_wait_for_the_library_that_draws():
    code = "import sys; from streamrec.cli.progress import download_progress\n"
    code += "with download_progress('m'): print('rich' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("False\n", "")
