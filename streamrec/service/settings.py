"""What the service is told to do, as values: option records by camera."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from streamrec.config import (
    AccessOptions,
    CameraOptions,
    CaptureOptions,
    EventSettings,
    FootageOptions,
    HealthOptions,
    ModelOptions,
    ServiceOptions,
    SourceOptions,
    StoreOptions,
    StreamOptions,
    WindowOptions,
)
from streamrec.service.event_values import EventValues, OptionValue

__all__ = ["CameraSettings", "EventValues", "OptionValue", "ServiceSettings"]


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
    footage: FootageOptions = field(default_factory=FootageOptions)
    events: EventSettings = field(default_factory=EventSettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """The whole service.

    Attributes:
        service: what its cameras share.
        access: who may connect.
        store: where events are kept.
        health: how it is watched itself.
        defaults: values by key, of cameras that a command adds; ``events``: what is said of those.
        cameras: by name, with the defaults that they do not overrule.
    """

    service: ServiceOptions = field(default_factory=ServiceOptions)
    access: AccessOptions = field(default_factory=AccessOptions)
    store: StoreOptions = field(default_factory=StoreOptions)
    health: HealthOptions = field(default_factory=HealthOptions)
    defaults: Mapping[str, OptionValue | EventValues] = field(default_factory=dict)
    cameras: Mapping[str, CameraSettings] = field(default_factory=dict)
