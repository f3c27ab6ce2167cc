"""Recorded videos, read back."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from streamrec.errors import OutputError
from streamrec.sinks.video import CODECS, VideoRecorder
from streamrec.sources.file import FileSource
from streamrec.types import Frame


def record(path, times_s, *, fps=25.0, sizes=None):
    recorder = VideoRecorder(path, fps=fps)
    step = 240 // len(times_s)
    for i, time_s in enumerate(times_s):
        image = np.full((*(sizes[i] if sizes else (480, 640)), 3), step * i, np.uint8)
        frame = Frame(image=image, index=i, captured_s=time_s, time_s=time_s, source="x")
        recorder.show(frame, None)
    recorder.close()


def levels(path):
    """The grey levels of the frames' lower right corners."""
    with FileSource(path) as source:
        return [int(frame.image[300:, 400:].mean()) for frame in source], source.fps


@pytest.mark.parametrize("suffix", CODECS)
def test_every_frame_of_a_regular_source_is_recorded_once(tmp_path, suffix):
    record(tmp_path / f"out{suffix}", [i / 29.97 for i in range(30)], fps=29.97)
    seen, fps = levels(tmp_path / f"out{suffix}")
    assert fps == pytest.approx(29.97, abs=0.01)
    assert np.allclose(seen, [8 * i for i in range(30)], atol=4)


def test_a_frame_is_repeated_until_the_next_one_is_due(tmp_path):
    record(tmp_path / "out.mp4", [0.0, 0.1, 0.4, 0.5], fps=10)
    assert np.allclose(levels(tmp_path / "out.mp4")[0], [0, 60, 60, 60, 120, 180], atol=4)


def test_a_frame_before_its_time_is_left_out(tmp_path):
    record(tmp_path / "out.mp4", [0.0, 0.01, 0.02, 0.1, 0.2], fps=10)
    assert len(levels(tmp_path / "out.mp4")[0]) == 3


def test_long_gaps_and_steps_back_are_not_filled(tmp_path):
    record(tmp_path / "out.mp4", [0.0, 0.1, 9999.0, 9999.1, 3.0, 3.1], fps=10)
    assert np.allclose(levels(tmp_path / "out.mp4")[0], [0, 40, 80, 120, 160, 200], atol=4)


def test_a_source_that_changes_its_size_is_recorded_at_the_first_size(tmp_path):
    sizes = [(480, 640), (960, 720), (480, 640)]
    record(tmp_path / "out.mp4", [0.0, 0.04, 0.08], sizes=sizes)
    with FileSource(tmp_path / "out.mp4") as source:
        assert [frame.image.shape for frame in source] == [(480, 640, 3)] * 3


def test_the_file_appears_at_the_end_and_replaces_an_older_one(tmp_path):
    path = tmp_path / "out.mp4"
    path.write_text("older")
    recorder = VideoRecorder(path)
    image = np.zeros((480, 640, 3), np.uint8)
    recorder.show(Frame(image=image, index=0, captured_s=0, time_s=0, source="x"), None)
    assert path.read_text() == "older"
    recorder.close()
    recorder.close()
    assert len(levels(path)[0]) == 1
    assert list(tmp_path.iterdir()) == [path]


def test_without_a_frame_there_is_no_file(tmp_path):
    VideoRecorder(tmp_path / "out.mp4").close()
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit on the size of files")
@pytest.mark.parametrize("suffix", CODECS)
def test_a_full_disk_is_an_error_and_leaves_the_older_file(tmp_path, suffix):
    """A limit on the size of files stands for the full disk."""
    path = tmp_path / f"out{suffix}"
    path.write_text("older")
    program = (
        "import resource, signal\n"
        "import numpy as np\n"
        "from streamrec.errors import OutputError\n"
        "from streamrec.sinks.video import VideoRecorder\n"
        "from streamrec.types import Frame\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))\n"
        f"recorder = VideoRecorder({str(path)!r}, fps=10)\n"
        "random = np.random.default_rng(0)\n"
        "for i in range(12):\n"
        "    image = random.integers(0, 256, (480, 640, 3), np.uint8)\n"
        "    frame = Frame(image=image, index=i, captured_s=0, time_s=i / 10, source='x')\n"
        "    recorder.show(frame, None)\n"
        "try: recorder.close()\n"
        "except OutputError as error: print(error)\n"
        "recorder.close()\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    assert (run.stdout, run.stderr) == (
        f"{path} could not be written whole; is the disk full?\n",
        "",
    )
    assert path.read_text() == "older"
    assert list(tmp_path.iterdir()) == [path]


def test_where_nothing_can_be_written_is_said_at_once(tmp_path):
    (tmp_path / "folder.mp4").mkdir()
    for path, reason in [
        (tmp_path / "out.gif", r"recorded as \.mp4, \.mkv, \.avi"),
        (tmp_path / "nowhere" / "out.mp4", "no folder"),
        (tmp_path / "folder.mp4", "a directory"),
    ]:
        with pytest.raises(OutputError, match=reason):
            VideoRecorder(path)


@pytest.mark.skipif(os.name == "nt", reason="a process cannot send itself Ctrl-C on Windows")
def test_the_video_is_whole_after_ctrl_c(tmp_path):
    program = (
        "from contextlib import closing\n"
        "from streamrec.sinks.video import VideoRecorder\n"
        "from streamrec.sources.open import open_source\n"
        f"recorder = VideoRecorder({str(tmp_path / 'out.mp4')!r}, fps=30)\n"
        "with closing(recorder), open_source('synthetic:?seconds=inf&live=1') as source:\n"
        "    for frame in source:\n"
        "        recorder.show(frame, None)\n"
        "        print(frame.index, flush=True)\n"
    )
    command = [sys.executable, "-c", program]
    pipe = subprocess.PIPE
    child = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True)
    for _ in range(8):
        child.stdout.readline()
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=20)
    assert len(levels(tmp_path / "out.mp4")[0]) >= 8
