"""The window, on a virtual display where there is one."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import cv2
import pytest

from streamrec.errors import OutputError
from streamrec.sinks import window
from streamrec.sinks.window import WindowViewer, _fitting, has_display

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X11 is tested on Linux")

SHOW = """
import sys, cv2
from streamrec.sinks.window import WindowViewer
from streamrec.sources.synthetic import SyntheticSource

def press(milliseconds):
    return wait(milliseconds) and int(sys.argv[1])

def click_on_the_close_button(milliseconds):
    cv2.destroyWindow("streamrec")
    return wait(milliseconds)

viewer = WindowViewer()
wait, frames = cv2.waitKey, 0
for frame in SyntheticSource():
    if frames == 3:
        cv2.waitKey = press if len(sys.argv) > 1 else click_on_the_close_button
    viewer.show(frame, None)
    frames += 1
    if viewer.closed:
        break
viewer.close()
viewer.close()
print(frames)
"""


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """A virtual X display."""
    if not shutil.which("Xvfb"):
        pytest.skip("no Xvfb; the package is in .ci/debian-packages.txt")
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "800x600x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as pipe:
        number = pipe.readline().strip()
    yield f":{number}"
    server.terminate()
    server.wait()


@LINUX
def test_without_a_display_there_is_a_clear_error(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(OutputError, match="no display here"):
        WindowViewer()


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
@pytest.mark.parametrize(("framework", "expected"), [("", False), ("COCOA", True)])
def test_an_opencv_without_windows_opens_none(monkeypatch, platform, framework, expected):
    monkeypatch.setattr(cv2, "currentUIFramework", lambda: framework)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(window, "_PROBE", "pass")
    assert has_display.__wrapped__() is expected


@LINUX
@pytest.mark.parametrize("key", [[str(ord("q"))], ["27"], []], ids=["q", "Esc", "close button"])
def test_the_user_can_end_it(display, key):
    result = subprocess.run(
        [sys.executable, "-c", SHOW, *key],
        env=os.environ | {"DISPLAY": display},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (result.stdout, result.stderr) == ("4\n", "")


@LINUX
def test_another_key_does_not_end_it(display):
    result = subprocess.run(
        [sys.executable, "-c", SHOW, str(ord("x"))],
        env=os.environ | {"DISPLAY": display},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.stdout == "300\n"


def test_a_large_picture_fits_on_the_screen():
    assert _fitting(640, 480) == (640, 480)
    assert _fitting(3840, 2160) == (1280, 720)
    assert _fitting(1000, 3000) == (240, 720)
    assert _fitting(100000, 1) == (1280, 1)
