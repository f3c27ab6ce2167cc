"""``streamrec demo``."""

import re

import pytest

from streamrec.cli import main
from streamrec.sources import open as sources


@pytest.fixture
def hurried(monkeypatch):
    """The demo's video without its pauses."""
    real = sources.open_source
    monkeypatch.setattr(sources, "open_source", lambda path, **_: real(path))
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)


def test_a_subscriber_hears_most_motions_of_the_script(hurried, capsys):
    assert main(["demo"]) == 0
    out = capsys.readouterr().out
    heard, shown = map(int, re.search(r"(\d) of (\d) motions", out).groups())
    assert shown == 7
    assert heard >= 6
    assert "circle clockwise" in out
    assert "(shown: circle clockwise)" in out


def test_another_source_is_watched_by_the_embedded_model(monkeypatch, capsys):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert main(["demo", "--source", "synthetic:?seconds=1"]) == 0
    captured = capsys.readouterr()
    assert "synthetic: gestures by " in captured.err
    assert "publishing on tcp://127.0.0.1:" in captured.err
    assert "30 frames, 30 predictions" in captured.err
