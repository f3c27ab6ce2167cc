import cv2
import numpy as np
import pytest

from streamrec.dataset.clip_file import ClipFile
from streamrec.dataset.frames import read_frames
from tests.dataset.films import clip_of, film

FRAMES, FPS = 400, 20.0


def numbered(number: int) -> np.ndarray:
    """A picture of black and white fields: a number, bit by bit."""
    bits = [(number >> bit) & 1 for bit in range(9)]
    fields = np.array(bits, np.uint8).reshape(3, 3, 1) * 255
    return np.kron(fields, np.ones((16, 16, 3), np.uint8))


def number_of(image: np.ndarray) -> int:
    fields = image[8::16, 8::16, 0].ravel() > 127
    return sum(int(bit) << i for i, bit in enumerate(fields))


@pytest.fixture(scope="module", params=["a.mp4", "a.avi"])
def path(request, tmp_path_factory):
    images = [numbered(i) for i in range(FRAMES)]
    return film(tmp_path_factory.mktemp("film") / request.param, images, FPS)


@pytest.mark.parametrize("start", [3.0, 10.0, 13.37, 19.9])
def test_a_piece_far_in_a_file_is_the_same_frames(path, start):
    found = read_frames(clip_of(path, start_s=start), FPS, number_of)
    assert found == list(range(int(np.ceil(start * FPS)), FRAMES))


def test_what_lies_far_before_a_piece_is_not_decoded(path):
    with ClipFile(path) as file:
        first = next(file.read_from(15.0))
    assert 12.0 <= first.time_s <= 15.0


def test_a_file_without_an_index_is_read_from_its_beginning(tmp_path):
    pictures = [cv2.imencode(".jpg", numbered(i))[1].tobytes() for i in range(FRAMES)]
    (tmp_path / "a.mjpeg").write_bytes(b"".join(pictures))
    clip = clip_of(tmp_path / "a.mjpeg", start_s=12.0, end_s=12.2)
    assert read_frames(clip, 25.0, number_of) == [300, 301, 302, 303, 304]


def test_a_piece_after_the_end_has_no_frame(path):
    with ClipFile(path) as file:
        assert all(frame.time_s < 30.0 for frame in file.read_from(30.0))
