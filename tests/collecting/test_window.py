"""The window, on a virtual display where there is one."""

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from streamrec.collecting.window import KeyWindow, drawn
from streamrec.errors import OutputError

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X11 is tested on Linux")

SHOW = """
import cv2
import numpy as np
from streamrec.collecting.window import KeyWindow

window, wait = KeyWindow("streamrec"), cv2.waitKey
print(repr(window.keys()))
for pressed in (-1, ord("c"), 8):
    window.show(np.zeros((48, 64, 3), np.uint8), ["1 wave"], red=0)
    cv2.waitKey = lambda milliseconds: (wait(milliseconds), pressed)[1]
    print(repr(window.keys()))
cv2.destroyWindow("streamrec")
print(repr(window.keys()))
window.close()
"""


@pytest.fixture
def display():
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
def test_the_window_takes_keys_and_its_close_button_ends(display):
    result = subprocess.run(
        [sys.executable, "-c", SHOW],
        env=os.environ | {"DISPLAY": display},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.stdout.split("\n") == ["''", "''", "'c'", "'\\x08'", "'q'", ""], result.stderr


@LINUX
def test_without_a_display_there_is_a_clear_error(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(OutputError, match="in a terminal, which takes the keys"):
        KeyWindow("streamrec")


@pytest.mark.parametrize("lines", [2, 40])
def test_lines_are_written_on_a_copy_that_is_large_enough(lines):
    image = np.zeros((48, 64, 3), np.uint8)
    canvas = drawn(image, ["REC wave"] * lines, red=1)
    assert canvas.shape == (480, 640, 3) and not image.any()
    red = (canvas[:, :, 2].astype(int) - canvas[:, :, 0] > 100).any(1)
    assert red[:48].any() and not red[48:].any()
    white = (canvas.min(2) > 200).any(1).nonzero()[0]
    assert white.max() < 480 - 5
