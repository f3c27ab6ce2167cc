"""What a step of a trained model costs, by engine, on this machine."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median

import numpy as np

from streamrec.build import load_model
from streamrec.config import ModelOptions, WindowOptions
from streamrec.errors import ModelError, OptionError
from streamrec.report.record import Latency

_ENGINES = ("native", "onnx", "torch")
_WARM_UP, _MEASURED = 5, 20


def latencies(model: Path) -> Sequence[Latency]:
    """Measure steps of noise on one thread, the fastest engine first; those that cannot are out."""
    found = []
    for engine in _ENGINES:
        try:
            found.append(Latency(engine=engine, step_ms=_step_ms(model, engine)))
        except (ModelError, OptionError):
            continue
    return sorted(found, key=lambda latency: latency.step_ms)


def _step_ms(model: Path, engine: str) -> float:
    options = ModelOptions(runtime=engine)  # type: ignore[arg-type]
    recognizer = load_model(str(model), options, WindowOptions())
    spec = recognizer.spec
    stream = recognizer.stream(predict="grid", declared_fps=spec.fps)
    image = np.random.default_rng(0).integers(0, 255, (240, 320, 3), np.uint8)
    frames = _WARM_UP + _MEASURED + (spec.clip_frames if spec.windowed else 0)
    predictions = [stream.push(image, index / spec.fps) for index in range(frames)]
    times_ms = [prediction.latency.infer_ms for prediction in predictions if prediction]
    return median(times_ms[_WARM_UP:] or times_ms)
