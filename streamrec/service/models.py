"""The models of one worker: each is loaded once, however many cameras it watches."""

from streamrec.build import load_model
from streamrec.config import DEFAULT_MODEL, ModelOptions, WindowOptions
from streamrec.recognizer import Recognizer
from streamrec.service.settings import CameraSettings
from streamrec.sources.messages import Reading
from streamrec.sources.region import Region
from streamrec.weights.files import Progress


class Models:
    """Recognisers by what was asked for.

    Args:
        progress: told of the bytes received while a model is fetched.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._loaded: dict[tuple[ModelOptions, WindowOptions], Recognizer] = {}

    def get(self, settings: CameraSettings) -> Recognizer:
        """Return the recogniser of a camera, loading it if need be.

        Raises:
            ModelError, OptionError: as ``streamrec.load``.
        """
        key = settings.model, settings.window
        if key not in self._loaded:
            name = settings.model.model or DEFAULT_MODEL
            self._loaded[key] = load_model(name, settings.model, settings.window, self._progress)
        return self._loaded[key]

    def keep(self, cameras: list[CameraSettings]) -> None:
        """Forget those that none of these cameras uses."""
        used = {(settings.model, settings.window) for settings in cameras}
        self._loaded = {key: model for key, model in self._loaded.items() if key in used}


def reading_of(settings: CameraSettings, recognizer: Recognizer) -> Reading:
    """Say what a capture process has to decode for a model: at its rate, in its size.

    Where several models look at the same frames, or every frame counts, frames come as they are.
    """
    specs = recognizer.specs
    on_grid = settings.stream.predict == "grid" or specs[0].windowed
    alone = len(specs) == 1
    return Reading(
        fps=specs[0].fps if alone and on_grid else None,
        preprocessing=specs[0].preprocessing if alone else None,
        region=Region.parse(settings.camera.region).corners if settings.camera.region else (),
        mirror=settings.source.mirror,
        frozen_s=settings.capture.frozen_after,
        max_delay_s=settings.capture.max_delay,
    )
