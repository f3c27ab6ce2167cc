"""What the service is told to do, as values: option records by camera."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from streamrec.config import (
    CameraOptions,
    CaptureOptions,
    ModelOptions,
    ServiceOptions,
    SourceOptions,
    StreamOptions,
    WindowOptions,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraSettings:
    """One camera. ``source.source`` may hold ``{NAME}`` in place of secrets."""

    name: str
    source: SourceOptions
    capture: CaptureOptions = field(default_factory=CaptureOptions)
    model: ModelOptions = field(default_factory=ModelOptions)
    window: WindowOptions = field(default_factory=WindowOptions)
    stream: StreamOptions = StreamOptions(predict="grid")  # noqa: RUF009 - frozen, so it may be shared
    camera: CameraOptions = field(default_factory=CameraOptions)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """The whole service: what its cameras share, and the cameras by name."""

    service: ServiceOptions = field(default_factory=ServiceOptions)
    cameras: Mapping[str, CameraSettings] = field(default_factory=dict)
