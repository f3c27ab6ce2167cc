"""Measure the gesture model on generated clips and on real hands it has never seen.

    python tools/gestures/evaluate.py DIR/gestures.safetensors --real ../shared/data/clips

Real clips are streamed as the product does it: sampled by timestamp, stretched, frame after frame.
Each one also counts mirrored, reversed in time, and both, with the label that it then has.
"""

import argparse
import csv
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from data import GeneratedClips, network_input
from generate import FPS, SIZE
from motion import IGNORE, LABELS
from scene import Picture
from torch import Tensor
from train import GESTURES, load

from streamrec.dataset.clips import LabelledClip
from streamrec.evaluation.answers import Answers
from streamrec.evaluation.metrics import figures_of
from streamrec.models.movinet import MoViNet
from streamrec.preprocess import INTERPOLATION

Probabilities = npt.NDArray[np.float32]

REAL_LABELS = {
    "Left": "swipe right",
    "Right": "swipe left",
    "Up": "swipe up",
    "Down": "swipe down",
    "Push": "push",
    "Pull": "pull",
    "cw": "circle clockwise",
    "ccw": "circle counter-clockwise",
}
"""Folder name of a real clip -> motion on the screen (its left and right are the performer's)."""

FAIR = 0.6
"""Weight from which a target counts here: not a motion's first moments, nor an arm being raised."""

_SHORT = ("L", "R", "U", "D", "+", "-", "cw", "cc", "s", ".")

_FILMED = "as filmed"
_PHASES_S = (0.0, 0.033, 0.067)

_MIRROR = {"left": "right", "right": "left", "clockwise": "counter-clockwise"}
_MIRROR["counter-clockwise"] = "clockwise"
_REVERSE = {**_MIRROR, "up": "down", "down": "up", "push": "pull", "pull": "push"}


def mirrored(label: str) -> str:
    """The label of the mirrored clip."""
    return " ".join(_MIRROR.get(word, word) for word in label.split())


def backwards(label: str) -> str:
    """The label of the clip played backwards."""
    return " ".join(_REVERSE.get(word, word) for word in label.split())


def read(path: Path, phase_s: float, interpolation: int) -> Picture:
    """Frames of a video on the model's time grid, RGB [T, SIZE, SIZE, 3]."""
    capture = cv2.VideoCapture(str(path))
    rate = capture.get(cv2.CAP_PROP_FPS)
    frames = []
    while (picture := capture.read())[0]:
        small = cv2.resize(picture[1], (SIZE, SIZE), interpolation=interpolation)
        frames.append(cv2.cvtColor(small, cv2.COLOR_BGR2RGB))
    grid = np.arange(phase_s, len(frames) / rate, 1 / FPS)
    index = np.ceil(grid * rate - 1e-6).astype(int)
    return np.stack([frames[i] for i in index if i < len(frames)])


@torch.inference_mode()
def stream(model: MoViNet, frames: Picture) -> Probabilities:
    """Class probabilities after each frame, [T, classes]."""
    logits: Tensor = model(network_input(torch.from_numpy(frames.copy()))[None])
    return np.asarray(logits.softmax(-1)[0].numpy())


def by_mean(probabilities: Probabilities) -> int:
    """The class whose probability is highest on average."""
    return int(probabilities.mean(0).argmax())


def by_last(probabilities: Probabilities) -> int:
    """The class after the last frame."""
    return int(probabilities[-1].argmax())


RULES: dict[str, Callable[[Probabilities], int]] = {"mean": by_mean, "last": by_last}


def variants(frames: Picture, label: str) -> list[tuple[str, Picture, str]]:
    """The clip as it is, mirrored, backwards and both, each with its label."""
    flipped = frames[:, :, ::-1]
    return [
        (_FILMED, frames, label),
        ("mirrored", flipped, mirrored(label)),
        ("backwards", frames[::-1], backwards(label)),
        ("mirrored backwards", flipped[::-1], backwards(mirrored(label))),
    ]


def real_clips(folder: Path) -> list[tuple[Path, str]]:
    """Paths and labels of the real gesture clips that ``labels.csv`` lists."""
    with (folder / "labels.csv").open(newline="") as lines:
        names = [row["file"] for row in csv.DictReader(lines)]
    chosen = [folder / name for name in names if name.startswith("invariantprogram")]
    return [(path, REAL_LABELS[path.name.split("_")[0]]) for path in chosen]


def evaluate_real(model: MoViNet, folder: Path, interpolation: int, tell: bool) -> None:
    """Print the share of right answers under each rule, and with ``tell`` every answer."""
    answers: list[tuple[str, str, Probabilities]] = []
    for path, label in real_clips(folder):
        for phase_s in _PHASES_S:
            frames = read(path, phase_s, interpolation)
            for kind, variant, wanted in variants(frames, label):
                answers.append((kind, wanted, stream(model, variant)))
                if tell and phase_s == 0.0:
                    _report(f"{path.stem} {kind}", wanted, answers[-1][2])
    for rule, answer in RULES.items():
        filmed = [LABELS[answer(p)] == wanted for kind, wanted, p in answers if kind == _FILMED]
        right = [LABELS[answer(p)] == wanted for _, wanted, p in answers]
        print(f"real, rule {rule}: as filmed {np.mean(filmed):.3f}, variants {np.mean(right):.3f}")
    losses = [-np.log(p[:, LABELS.index(wanted)]).mean() for _, wanted, p in answers]
    print(f"real, log loss of every frame: variants {np.mean(losses):.3f}")
    for label in sorted({wanted for _, wanted, _ in answers}):
        right = [LABELS[by_mean(p)] == label for _, wanted, p in answers if wanted == label]
        print(f"    {label:26s} {np.mean(right):.3f}")


def _report(name: str, wanted: str, probabilities: Probabilities) -> None:
    mean = probabilities.mean(0)
    best = np.argsort(-mean)[:3]
    mark = "ok " if LABELS[by_mean(probabilities)] == wanted else "   "
    story = " ".join(_SHORT[i] for i in probabilities.argmax(1))
    told = ", ".join(f"{LABELS[i]} {mean[i]:.2f}" for i in best)
    print(f"{mark}{name:38s} {wanted:24s} {told}\n       {story}")


def generated_answers(model: MoViNet, seed: int, count: int) -> Answers:
    """What the model says of each frame of generated clips whose target is fair to ask for."""
    clips, scores, truth, names = GeneratedClips(seed, count), [], [], []
    for index in range(count):
        frames, targets, weights = clips[index]
        fair = ((targets != IGNORE) & (weights >= FAIR)).numpy()
        scores.append(stream(model, frames.numpy())[fair])
        truth.append(np.eye(len(LABELS), dtype=bool)[targets.numpy()[fair]])
        names += [Path(f"{seed}-{index}-{frame}") for frame in np.flatnonzero(fair)]
    rows = np.concatenate(truth)
    return Answers(
        model=GESTURES.name,
        labels=LABELS,
        clips=[
            LabelledClip(path=name, labels=(LABELS[row.argmax()],))
            for name, row in zip(names, rows, strict=True)
        ],
        truth=rows,
        scores=np.concatenate(scores),
    )


def evaluate_generated(model: MoViNet, seed: int, count: int) -> None:
    """Print how many frames are right for each label, the confusions, and the calibration."""
    figures = figures_of(generated_answers(model, seed, count))
    table = np.asarray(figures.confusion, float)
    print(np.round(table / table.sum(1, keepdims=True), 2))
    for one in figures.classes:
        print(f"{one.label:26s} {one.recall:.3f}")
    print(
        f"generated: {figures.top1:.3f} of {figures.clips} frames, log loss "
        f"{figures.log_loss:.3f}, calibration error {figures.calibration_error:.3f}"
    )


def main() -> None:
    """Evaluate one file of weights."""
    parser = argparse.ArgumentParser(description="Measure the gesture model.")
    parser.add_argument("weights", type=Path)
    parser.add_argument("--real", type=Path, help="folder of real clips with labels.csv")
    parser.add_argument("--generated", type=int, default=300, help="number of generated clips")
    parser.add_argument("--seed", type=int, default=1, help="set of generated clips")
    options = parser.parse_args()
    torch.set_num_threads(1)
    model = load(options.weights).eval()
    if options.real:
        print("resized with a low-pass filter:")
        evaluate_real(model, options.real, cv2.INTER_AREA, tell=False)
        print("resized as the product does it:")
        evaluate_real(model, options.real, INTERPOLATION, tell=True)
    if options.generated:
        evaluate_generated(model, options.seed, options.generated)


if __name__ == "__main__":
    main()
