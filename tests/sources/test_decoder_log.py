"""Complaints of the decoder are counted and never shown; what they spoil is told."""

import sys

import pytest

from streamrec.sources.decoder_log import DAMAGE_LASTS_S, REORDERED_FRAMES, Damage

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="stderr is thrown away there")

PROGRAM = """
import os
from streamrec.sources.decoder_log import DecoderLog
log = DecoderLog()
os.write(2, {text!r})
print(*log.read(), *log.read())
"""


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (b"", 0),
        (b"[h264 @ 0x1] error while decoding MB 1 2, bytestream 5\n", 1),
        (b"[rtsp @ 0x1] RTP: missed 12 packets\n[h264 @ 0x1] Missing reference picture\n", 2),
        (b"[swscaler @ 0x1] deprecated pixel format used\n[rtsp @ 0x1] max delay reached\n", 0),
        (b"Corrupt JPEG data: premature end of data segment\n", 1),
    ],
)
def test_lines_of_damage_are_counted_once_and_not_shown(run_python, text, count):
    done = run_python(PROGRAM.format(text=text))
    assert (done.stdout, done.stderr) == (f"{count} 0 0 0\n", "")


def test_a_format_is_told_from_damage(run_python):
    text = b"[hevc @ 0x1] Format yuv420p chosen by get_format().\n[hevc @ 0x1] Decoding SPS\n"
    assert run_python(PROGRAM.format(text=text)).stdout == "0 1 0 0\n"


def test_a_writer_never_waits_for_a_reader(run_python):
    done = run_python(
        "import os\nfrom contextlib import suppress\n"
        "from streamrec.sources.decoder_log import DecoderLog\nlog = DecoderLog()\n"
        "with suppress(BlockingIOError):\n    while True: os.write(2, b'corrupt\\n' * 1000)\n"
        "print(log.read().complaints > 1000)\n"
    )
    assert done.stdout == "True\n"


def spoiled(frames):
    """Push (complaints, whole) of frames that are 40 ms apart; return which are spoiled."""
    damage = Damage()
    return [
        damage.push(complaints, whole=whole, time_s=0.04 * i)
        for i, (complaints, whole) in enumerate(frames)
    ]


def test_damage_lasts_until_the_next_whole_picture():
    before, healing = [(0, False)] * 3, [(0, False)] * REORDERED_FRAMES
    frames = [*before, (2, False), *healing, (0, True), (0, False)]
    assert spoiled(frames) == [False] * 3 + [True] * (1 + REORDERED_FRAMES) + [False] * 2


def test_a_whole_picture_that_the_complaint_may_be_of_does_not_heal():
    frames = [(1, False), (0, True), *[(0, False)] * 9, (0, True)]
    assert spoiled(frames) == [True] * 11 + [False]


def test_where_no_whole_picture_comes_damage_ends_after_a_while():
    states = spoiled([(1, False)] + [(0, False)] * round(DAMAGE_LASTS_S / 0.04 + 2))
    assert states[-3:] == [True, False, False] or states[-2:] == [True, False]
