"""Files and clips to make data sets of."""

from pathlib import Path

import cv2
import numpy as np

from streamrec.dataset.clips import Dataset, LabelledClip


def film(path: Path, images: list[np.ndarray], fps: float = 10.0) -> Path:
    """Write a video of pictures, uint8 [H, W, 3]."""
    path.parent.mkdir(parents=True, exist_ok=True)
    height, width = images[0].shape[:2]
    codec = cv2.VideoWriter.fourcc(*("mp4v" if path.suffix == ".mp4" else "MJPG"))
    writer = cv2.VideoWriter(str(path), codec, fps, (width, height))
    for image in images:
        writer.write(image)
    writer.release()
    return path


def film_of_greys(path: Path, frames: int = 20, fps: float = 10.0) -> Path:
    """Write a video whose pictures are as grey as they are late: ten levels a frame."""
    return film(path, [np.full((32, 32, 3), 10 * i, np.uint8) for i in range(frames)], fps)


def number_of(image: np.ndarray) -> int:
    """Which frame of a film of greys a picture is."""
    return round(float(image.mean()) / 10)


def dataset_of(*clips: LabelledClip) -> Dataset:
    """A data set of clips."""
    labels = sorted({label for clip in clips for label in clip.labels})
    return Dataset(name="test", labels=tuple(labels), clips=clips)


def clip_of(path: str | Path, *labels: str, **values: object) -> LabelledClip:
    """A clip with labels."""
    return LabelledClip(path=Path(path), labels=labels, **values)


def street(seed: int, seconds: float = 3.0, fps: float = 20.0) -> list[np.ndarray]:
    """Pictures of one place through which something walks another way for each seed."""
    background = np.random.default_rng(7).integers(0, 200, (6, 8, 3), np.uint8)
    scene = cv2.resize(background, (96, 72), interpolation=cv2.INTER_CUBIC)
    random = np.random.default_rng(seed)
    way = np.cumsum(random.normal(0.0, 3.0, (round(seconds * fps), 2)), axis=0)
    start = random.uniform((20, 20), (76, 52))
    images = []
    for x, y in np.clip(start + way, 0, (96, 72)).astype(int).tolist():
        images.append(cv2.circle(scene.copy(), (x, y), 12, (255, 255, 255), -1))
    return images
