"""The window, on a virtual display where there is one."""

import sys

import cv2
import pytest

from streamrec import window
from streamrec.errors import OutputError
from streamrec.window import Window, _fitting, has_display

SHOW = """
import cv2
import numpy as np
from streamrec.window import Window

window, wait = Window("streamrec", instead=""), cv2.waitKey
print(repr(window.key()))
for pressed in (-1, ord("c"), 8):
    window.show(np.zeros((48, 64, 3), np.uint8))
    cv2.waitKey = lambda milliseconds: (wait(milliseconds), pressed)[1]
    print(repr(window.key()))
cv2.destroyWindow("streamrec")
print(repr(window.key()))
window.close()
"""


def test_the_window_takes_keys_and_its_close_button_ends(on_display):
    out, err = on_display(SHOW)
    assert out.split("\n") == ["''", "''", "'c'", "'\\x08'", "'q'", ""], err


def test_without_a_display_there_is_a_clear_error(no_display):
    with pytest.raises(OutputError, match=r"no display here .*; do without"):
        Window("streamrec", instead="do without")


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
@pytest.mark.parametrize(("framework", "expected"), [("", False), ("COCOA", True)])
def test_an_opencv_without_windows_opens_none(monkeypatch, platform, framework, expected):
    monkeypatch.setattr(cv2, "currentUIFramework", lambda: framework)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(window, "_PROBE", "pass")
    assert has_display.__wrapped__() is expected


def test_a_large_picture_fits_on_the_screen():
    assert _fitting(640, 480) == (640, 480)
    assert _fitting(3840, 2160) == (1280, 720)
    assert _fitting(1000, 3000) == (240, 720)
    assert _fitting(100000, 1) == (1280, 1)
