"""One function opens them all, and every source keeps the same contract."""

import itertools
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from streamrec.errors import OptionError, SourceOpenError
from streamrec.sources.open import open_source
from streamrec.sources.synthetic import SyntheticSource
from streamrec.types import Frame


@pytest.fixture(
    params=["file", "realtime file", "file URL", "synthetic", "live synthetic", "http", "mjpeg"]
)
def uri_and_options(request, video, http_server):
    path = video("clip.mp4", frames=10)
    return {
        "file": (str(path), {}),
        "realtime file": (str(path), {"realtime": True}),
        "file URL": (path.as_uri(), {}),
        "synthetic": ("synthetic:?width=64&height=48&seconds=0.3", {}),
        "live synthetic": ("synthetic:?width=64&height=48&seconds=0.3&live=1", {}),
        "http": (f"{http_server}/clip.mp4", {}),
        "mjpeg": (f"{http_server}/mjpeg", {}),
    }[request.param]


def test_every_source_keeps_the_contract(uri_and_options):
    uri, options = uri_and_options
    with open_source(uri, **options) as source:
        frames = list(itertools.islice(source, 8))
    assert len(frames) > 1
    assert all(isinstance(f, Frame) and f.source == source.name for f in frames)
    assert all(f.image.shape == (48, 64, 3) for f in frames)
    for before, after in itertools.pairwise(frames):
        assert after.index == before.index + 1 + after.dropped
        assert after.time_s > before.time_s
        assert after.captured_s >= before.captured_s
    assert all(f.capture_ms >= 0 for f in frames)
    assert source.read() is None
    source.close()


def test_a_mirrored_source_is_the_same_but_for_its_flipped_pictures(uri_and_options):
    uri, options = uri_and_options
    with open_source(uri, **options) as plain, open_source(uri, mirror=True, **options) as flipped:
        assert (flipped.name, flipped.live, flipped.fps) == (plain.name, plain.live, plain.fps)
        assert flipped.frame_count == plain.frame_count
        pairs = _with_the_same_index(plain, flipped)
    assert pairs
    for one, other in pairs:
        assert np.array_equal(one.image[:, ::-1], other.image)
        assert not np.array_equal(one.image, other.image)


def _with_the_same_index(one, other):
    """Read both by turns, as either may drop pictures that the other does not."""
    seen, pairs = {}, []
    for one_frame, other_frame in itertools.islice(zip(one, other, strict=False), 50):
        seen[one_frame.index] = one_frame
        if other_frame.index in seen:
            pairs.append((seen[other_frame.index], other_frame))
    return pairs


def test_a_realtime_file_drops_what_is_not_taken_in_time(video):
    path = video("clip.mp4", fps=50, frames=30)
    with open_source(str(path), realtime=True) as source:
        source.read()
        time.sleep(0.2)
        rest = list(source)
    assert source.live
    assert sum(f.dropped for f in rest) > 0
    assert rest[-1].index == 29
    assert 1 + sum(1 + f.dropped for f in rest) == 30


def test_a_realtime_file_starts_when_it_is_first_read(video, http_server):
    for uri in (str(video("clip.mp4", fps=4, frames=9)), f"{http_server}/clip.mp4"):
        with open_source(uri, realtime=True) as source:
            time.sleep(0.4)
            first = source.read()
        assert (first.index, first.dropped) == (0, 0)


def test_a_live_source_starts_at_once():
    with open_source("synthetic:?fps=50&live=1&width=64&height=48") as source:
        time.sleep(0.3)
        assert source.read().dropped > 0


def test_an_integer_is_a_camera_and_a_missing_one_is_named():
    for uri in (97, "97", "/dev/video97"):
        with pytest.raises(SourceOpenError, match="camera 97 cannot be opened"):
            open_source(uri)


@pytest.mark.parametrize("platform", ["darwin", "linux"])
def test_on_macos_a_camera_is_opened_where_permission_can_be_asked_for(monkeypatch, platform):
    opened_on = []

    class Camera(SyntheticSource):
        def __init__(self, index):
            super().__init__()
            opened_on.append(threading.current_thread().name)

    monkeypatch.setattr("streamrec.sources.camera.CameraSource", Camera)
    monkeypatch.setattr(
        "streamrec.sources.process.ProcessSource", lambda uri, **options: SyntheticSource()
    )
    monkeypatch.setattr(sys, "platform", platform)
    with open_source(0) as source:
        assert source.read() is not None
    main_thread = threading.current_thread().name
    assert opened_on == ([main_thread] if platform == "darwin" else [])


@pytest.mark.parametrize("index", [-1, 100, 10**30])
def test_a_camera_index_has_a_range(index):
    with pytest.raises(SourceOpenError, match="from 0 to 99"):
        open_source(index)


def test_an_unknown_scheme_lists_the_allowed_ones_and_hides_the_password():
    with pytest.raises(SourceOpenError) as error:
        open_source("ftp://joe:hunter2@host/clip.mp4")
    for part in ("ftp://***@host/clip.mp4", "file:, rtsp:, http:, https:, udp:"):
        assert part in str(error.value)
    assert "hunter2" not in str(error.value)


def test_an_address_without_scheme_or_slashes_hides_the_password():
    for uri in ("joe:hunter2@host/clip.mp4", "10.0.0.5:554/user=joe&password=hunter2"):
        with pytest.raises(SourceOpenError) as error:
            open_source(uri)
        assert "hunter2" not in str(error.value) and "joe" not in str(error.value)


def test_a_windows_path_is_a_file():
    with pytest.raises(SourceOpenError, match="no such file"):
        open_source("C:\\nowhere\\clip.mp4")


def test_a_generated_scene_needs_no_opencv(run_python):
    result = run_python(
        "import sys; from streamrec.sources.open import open_source\n"
        "open_source('synthetic:').read(); print('cv2' in sys.modules)"
    )
    assert result.stdout == "False\n"


@pytest.mark.skipif(os.name == "nt", reason="a process cannot send itself Ctrl-C on Windows")
def test_ctrl_c_ends_a_program_that_reads_a_hanging_stream(http_server):
    program = (
        "from streamrec.sources.open import open_source\n"
        "try:\n"
        f"    with open_source('{http_server}/stalls') as source:\n"
        "        print('open', flush=True)\n"
        "        for frame in source: pass\n"
        "except KeyboardInterrupt: print('interrupted')\n"
    )
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "open\n"
    time.sleep(0.5)
    child.send_signal(signal.SIGINT)
    assert child.communicate(timeout=20)[0] == "interrupted\n"
    assert child.returncode == 0


def test_a_source_can_be_named(video):
    with open_source(video(), name="door.north-1") as source:
        assert source.name == source.read().source == "door.north-1"


@pytest.mark.parametrize("name", ["", "a/b", "a b", "ü"])
def test_a_name_that_topics_cannot_carry_is_refused(video, name):
    with pytest.raises(OptionError, match="name has letters"):
        open_source(video(), name=name)


@pytest.mark.parametrize("option", ["open_timeout_s", "read_timeout_s"])
@pytest.mark.parametrize("seconds", [float("inf"), float("nan"), 1e300, 0.0, -1.0])
def test_a_timeout_out_of_its_range_is_refused(option, seconds):
    with pytest.raises(OptionError, match=f"{option} goes from 0.1 to 3600 seconds"):
        open_source("udp://127.0.0.1:9", **{option: seconds})
