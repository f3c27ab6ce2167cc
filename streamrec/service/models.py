"""The models of one worker: each is loaded once, however many cameras it watches."""

from collections.abc import Collection
from concurrent.futures import Future, ThreadPoolExecutor

from streamrec.build import load_model
from streamrec.config import DEFAULT_MODEL, ModelOptions, WindowOptions
from streamrec.recognizer import Recognizer
from streamrec.service.settings import CameraSettings
from streamrec.sources.messages import Reading
from streamrec.sources.region import Region

Key = tuple[ModelOptions, WindowOptions]


class Models:
    """Recognisers by what was asked for; loaded beside the loop, which other cameras need."""

    def __init__(self) -> None:
        self._loader = ThreadPoolExecutor(1, "streamrec-models")
        self._loaded: dict[Key, Future[Recognizer]] = {}

    def get(self, settings: CameraSettings) -> "Future[Recognizer]":
        """Return the recogniser of a camera, which may have to be loaded yet.

        Its result raises ModelError and OptionError as ``streamrec.load`` does; who asks again
        after that has it tried again.
        """
        key = _key(settings)
        present = self._loaded.get(key)
        if present is None or (present.done() and present.exception() is not None):
            name = settings.model.model or DEFAULT_MODEL
            present = self._loader.submit(load_model, name, settings.model, settings.window)
            self._loaded[key] = present
        return present

    def keep(self, cameras: Collection[CameraSettings]) -> None:
        """Forget those that none of these cameras uses."""
        used = set(map(_key, cameras))
        self._loaded = {key: model for key, model in self._loaded.items() if key in used}


def _key(settings: CameraSettings) -> Key:
    return settings.model, settings.window


def reading_of(settings: CameraSettings, recognizer: Recognizer) -> Reading:
    """Say what a capture process has to decode for a model: at its rate, in its size.

    Where several models look at the same frames, or every frame counts, frames come as they are.
    """
    specs, footage = recognizer.specs, settings.footage
    on_grid = settings.stream.predict == "grid" or specs[0].windowed
    alone = len(specs) == 1
    return Reading(
        fps=specs[0].fps if alone and on_grid else None,
        preprocessing=specs[0].preprocessing if alone else None,
        region=Region.parse(settings.camera.region).corners if settings.camera.region else (),
        mirror=settings.source.mirror,
        frozen_s=settings.capture.frozen_after,
        max_delay_s=settings.capture.max_delay,
        preview_height=footage.clip_height if footage.thumbnail or footage.clip else 0,
    )
