"""Progress on stderr."""

import pytest

from streamrec.cli.progress import download_progress


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")


def test_a_terminal_sees_what_is_fetched_and_how_much(terminal, capsys):
    with download_progress("movinet-a0-stream") as progress:
        progress(1_000_000, 2_000_000)
        progress(2_000_000, 2_000_000)
    out, err = capsys.readouterr()
    assert out == "" and "loading movinet-a0-stream" in err and "2.0/2.0 MB" in err


def test_a_terminal_sees_what_is_loaded_before_any_byte_has_come(terminal, capsys):
    with download_progress("movinet-a0-stream"):
        pass
    out, err = capsys.readouterr()
    assert out == "" and "loading movinet-a0-stream" in err


def test_a_pipe_sees_nothing(capsys):
    with download_progress("movinet-a0-stream") as progress:
        progress(1_000_000, None)
    assert capsys.readouterr() == ("", "")
