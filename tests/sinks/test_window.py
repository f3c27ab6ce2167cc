"""The window with what is recognised, on a virtual display where there is one."""

import pytest

from streamrec.errors import OutputError
from streamrec.sinks.window import WindowViewer

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


def test_without_a_display_another_way_is_told(no_display):
    with pytest.raises(OutputError, match=r"no display here .* run without --show"):
        WindowViewer()


@pytest.mark.parametrize("key", [[str(ord("q"))], ["27"], []], ids=["q", "Esc", "close button"])
def test_the_user_can_end_it(on_display, key):
    assert on_display(SHOW, *key) == ("4\n", "")


def test_another_key_does_not_end_it(on_display):
    out, _ = on_display(SHOW, str(ord("x")))
    assert out == "300\n"
