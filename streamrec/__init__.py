"""Real-time action recognition for live video: one frame in, smoothed predictions out."""

from typing import TYPE_CHECKING, Any

from streamrec.version import __version__ as __version__

if TYPE_CHECKING:
    from streamrec.build import load
    from streamrec.client import Subscriber
    from streamrec.errors import StreamrecError
    from streamrec.recognizer import Recognizer, Stream
    from streamrec.sources.open import open_source
    from streamrec.types import Frame, Prediction

_HOMES = {
    "Frame": "streamrec.types",
    "Prediction": "streamrec.types",
    "Recognizer": "streamrec.recognizer",
    "Stream": "streamrec.recognizer",
    "StreamrecError": "streamrec.errors",
    "Subscriber": "streamrec.client",
    "load": "streamrec.build",
    "open_source": "streamrec.sources.open",
}

__all__ = [
    "Frame",
    "Prediction",
    "Recognizer",
    "Stream",
    "StreamrecError",
    "Subscriber",
    "load",
    "open_source",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that ``import streamrec`` stays fast."""
    if name not in _HOMES:
        raise AttributeError(f"module 'streamrec' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
