"""Files: every frame, with its own time."""

import cv2
import numpy as np
import pytest

from streamrec.errors import SourceOpenError, SourceReadError
from streamrec.sources.file import FileSource


def test_every_frame_comes_once_in_order(video):
    with FileSource(video(frames=20)) as source:
        frames = list(source)
    assert [frame.index for frame in frames] == list(range(20))
    levels = [int(frame.image.mean()) for frame in frames]
    assert np.allclose(levels, [10 * i for i in range(20)], atol=4)
    assert source.frame_count == 20 and source.fps == 25.0 and not source.live


def test_time_is_the_media_time_of_the_frame_itself(video):
    with FileSource(video(fps=12.5, frames=10)) as source:
        frames = list(source)
    assert [f.time_s for f in frames] == pytest.approx([i / 12.5 for i in range(10)], abs=1e-3)
    assert all(frame.pts_s == frame.time_s for frame in frames)


@pytest.mark.skipif(not hasattr(cv2, "Animation"), reason="this OpenCV writes no GIF")
def test_a_gif_keeps_its_own_delays(tmp_path):
    animation = cv2.Animation()
    animation.frames = [np.full((40, 40, 3), 40 * i, np.uint8) for i in range(5)]
    animation.durations = np.array([100, 300, 50, 200, 100])
    cv2.imwriteanimation(str(tmp_path / "a.gif"), animation)
    with FileSource(tmp_path / "a.gif") as source:
        assert [f.time_s for f in source] == pytest.approx([0.0, 0.1, 0.4, 0.45, 0.65])


def test_frames_without_timestamps_are_one_period_apart(tmp_path):
    pictures = [cv2.imencode(".jpg", np.full((32, 32, 3), i, np.uint8))[1] for i in range(4)]
    (tmp_path / "raw.mjpeg").write_bytes(b"".join(p.tobytes() for p in pictures))
    with FileSource(tmp_path / "raw.mjpeg") as source:
        assert [f.time_s for f in source] == pytest.approx([0.0, 0.04, 0.08, 0.12])


@pytest.mark.parametrize(
    "picture",
    [
        np.full((4, 6), 77, np.uint8),
        np.full((4, 6, 4), 77, np.uint8),
        np.full((4, 6), 77 * 257, np.uint16),
        np.full((4, 6, 3), 77 * 257, np.uint16),
        np.full((1, 1, 3), 77, np.uint8),
    ],
    ids=["grey", "alpha", "16-bit grey", "16-bit", "1x1"],
)
def test_a_picture_is_one_frame_of_8_bit_bgr(tmp_path, picture):
    cv2.imwrite(str(tmp_path / "p.png"), picture)
    with FileSource(tmp_path / "p.png") as source:
        (frame,) = source
    assert frame.image.shape == (*picture.shape[:2], 3)
    assert np.all(frame.image == 77)


def test_a_truncated_video_gives_the_frames_before_the_damage(video):
    path = video("clip.mkv", frames=60)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    with FileSource(path) as source:
        frames = list(source)
    assert 0 < len(frames) < 60
    assert [frame.index for frame in frames] == list(range(len(frames)))


def test_a_file_whose_pictures_are_all_lost_is_an_error(video):
    path = video("clip.avi")
    data = bytearray(path.read_bytes())
    first, last = data.index(b"movi") + 4, data.rindex(b"idx1")
    data[first:last] = bytes(last - first)
    path.write_bytes(data)
    with pytest.raises((SourceReadError, SourceOpenError), match="clip"):
        list(FileSource(path))


def test_what_is_not_a_video_is_refused_with_its_reason(tmp_path):
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("not a video\n" * 50)
    (tmp_path / "text.txt").write_text("not a video\n" * 50)
    for name, reason in [
        ("missing.mp4", "no such file"),
        ("", "a directory"),
        ("empty.mp4", "0 bytes"),
        ("text.mp4", "not a video"),
        ("text.txt", "not a video"),
        ("x" * 5000, "cannot read"),
    ]:
        with pytest.raises(SourceOpenError, match=reason):
            FileSource(tmp_path / name)


def test_after_close_there_are_no_more_frames(video):
    source = FileSource(video())
    source.read()
    source.close()
    source.close()
    assert source.read() is None


def test_a_bad_file_makes_no_noise_of_its_own(tmp_path, run_python):
    (tmp_path / "text.mp4").write_text("not a video\n" * 50)
    result = run_python(
        "from streamrec.sources.open import open_source\n"
        "from streamrec.errors import SourceOpenError\n"
        f"for uri in ({str(tmp_path / 'text.mp4')!r}, 98):\n"
        "    try: open_source(uri)\n"
        "    except SourceOpenError as error: print(error)\n"
    )
    assert (result.stderr, result.stdout.count("\n")) == ("", 2)


def test_real_clips_give_all_their_frames(shared):
    clips = shared / "data" / "clips"
    for name, frames, duration_s in [
        ("jumpingjack.gif", 13, 1.5),
        ("carving_ice_rpi.mp4", 131, 4.333),
        ("felixchenfy_exercise.avi", 393, 39.2),
        ("decord_flipping_a_pancake.mkv", 310, 10.3),
    ]:
        with FileSource(clips / name) as source:
            times_s = [frame.time_s for frame in source]
        assert len(times_s) == frames
        assert times_s == sorted(times_s)
        assert times_s[-1] == pytest.approx(duration_s, abs=0.01)
