"""Models that did what a test says."""

import numpy as np

from streamrec.classify import FileAnswer
from streamrec.comparison.cost import Cost
from streamrec.comparison.entry import Entry, Run
from streamrec.comparison.observe import Observation
from streamrec.config import ModelOptions, WindowOptions

LABELS = ("walk", "run", "sit", "stand", "swim", "fly", "arm wrestling")
FPS = 5
SURE = 0.7


def observed(best, *, labels=LABELS, times_s=None, final=None, warm_up=0, spent_s=None):
    """Of a file in which ``best`` are the best classes, one after the other."""
    times_s = [i / FPS for i in range(len(best))] if times_s is None else times_s
    timeline = np.full((len(best), len(labels)), (1 - SURE) / (len(labels) - 1), np.float32)
    timeline[np.arange(len(best)), best] = SURE
    scores = timeline.mean(0) if final is None else np.array(final, np.float32)
    answer = FileAnswer(
        file="clips/a clip.mp4",
        model="made",
        labels=tuple(labels),
        frames=6 * len(best),
        duration_s=len(best) / FPS,
        scores=scores,
        times_s=tuple(times_s),
        timeline=timeline,
        thumbnails=tuple((t, np.full((20, 30, 3), (255, 0, 0), np.uint8)) for t in times_s),
    )
    return Observation(
        answer=answer,
        smoothed=timeline,
        warm_up=tuple(i < warm_up for i in range(len(best))),
        spent_s=tuple(spent_s or [0.01] * len(best)),
    )


def made_run(*observations, model="made", untrained=False, macs=1_000_000, memory=200_000_000):
    entry = Entry(
        source=f"untrained:{model}" if untrained else model,
        model=model,
        options=ModelOptions(),
        windows=WindowOptions(),
        untrained=untrained,
        cost=Cost(2_500_000, macs),
    )
    return Run(entry=entry, engine="onnx", observations=observations, peak_memory_bytes=memory)
