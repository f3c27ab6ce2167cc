"""The video of ``streamrec demo``: generated scenes, one motion in each, and what they show.

    python tools/gestures/demo_video.py --out streamrec/assets

writes ``demo.mp4`` and ``demo.json``, the script: label, start and end of each motion. The video
that comes along was drawn before the generator's scenes became more varied.
"""

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
from generate import render
from motion import LABELS, RATE_HZ, track
from scene import Picture

FPS = 15.0
ASPECT = 16 / 9
SIZE = (320, 180)
_DRAWN_HEIGHT = 360
_LEAD_S = 0.5
_EXPOSURE_S = 0.01
_SCENE_S = 3.0

SCRIPT = (
    ("swipe left", 18),
    ("circle clockwise", 14),
    ("push", 19),
    ("swipe right", 19),
    ("circle counter-clockwise", 16),
    ("swipe up", 22),
    ("shake", 15),
)
"""Motions and the seeds of their scenes."""


def scene(label: str, seed: int) -> tuple[Picture, float, float]:
    """Draw one motion: frames RGB, and when it starts and ends, seconds from the first frame."""
    rng = np.random.default_rng(seed)
    hand = track(rng, LABELS.index(label), ASPECT, 2 * _SCENE_S)
    _, first, last = hand.strokes[0]
    begin_s = max(first / RATE_HZ - _LEAD_S, 0.0)
    end_s = min(last / RATE_HZ + _LEAD_S, begin_s + 2 * _SCENE_S)
    times_s = begin_s + np.arange(0, end_s - begin_s, 1 / FPS)
    frames = render(rng, hand, ASPECT, times_s, _EXPOSURE_S, height=_DRAWN_HEIGHT, size=SIZE)
    return frames, first / RATE_HZ - begin_s, last / RATE_HZ - begin_s


def main() -> None:
    """Write the video and its script."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", required=True, type=Path, help="folder to write to")
    folder = parser.parse_args().out
    writer = cv2.VideoWriter(str(folder / "demo.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), FPS, SIZE)
    script, written = [], 0
    for label, seed in SCRIPT:
        frames, start_s, end_s = scene(label, seed)
        offset_s = written / FPS
        script.append(
            {
                "label": label,
                "start_s": round(offset_s + start_s, 2),
                "end_s": round(offset_s + end_s, 2),
            }
        )
        for frame in frames:
            writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
        written += len(frames)
    writer.release()
    (folder / "demo.json").write_text(json.dumps(script, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
