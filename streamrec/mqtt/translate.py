"""Messages of a service -> messages to an MQTT broker."""

from collections.abc import Iterable, Iterator

from streamrec.mqtt.discovery import discovery
from streamrec.mqtt.topics import OFFLINE, ONLINE, Publication, Topics
from streamrec.types import NO_ACTION, CameraState, EventPhase
from streamrec.wire import EventMessage, HeartbeatMessage, Message, StatusMessage, encode

SETTLE_S = 1.0
"""For so long after the first word of a camera its open events may still be on their way."""

SEEN = frozenset({CameraState.LIVE, CameraState.STALLED})


class Translator:
    """Knows what the broker should know; says what has changed.

    Times are monotonic, in seconds.

    Args:
        topics: where cameras are published.
        discovery_prefix: Home Assistant's; empty: nothing is said for it.
        version: our version.
    """

    def __init__(self, topics: Topics, discovery_prefix: str, version: str) -> None:
        self._topics, self._prefix, self._version = topics, discovery_prefix, version
        self._retained: dict[str, str] = {}
        self._sessions: dict[str, str] = {}
        self._open: dict[str, dict[str, EventMessage]] = {}
        self._settling: dict[str, float] = {}

    def everything(self) -> list[Publication]:
        """Return all that the broker should retain, for one that has just been connected."""
        return [Publication(topic, payload) for topic, payload in self._retained.items()]

    def alive(self, alive: bool) -> list[Publication]:
        """Take whether the service publishes."""
        return self._changed([Publication(self._topics.service, ONLINE if alive else OFFLINE)])

    def take(self, message: Message, now_s: float) -> list[Publication]:
        """Take a message."""
        match message:
            case StatusMessage():
                return self._changed(self._status(message, now_s))
            case EventMessage():
                return self._changed(self._event(message))
            case HeartbeatMessage():
                return self.alive(True)
        return []

    def turn(self, now_s: float) -> list[Publication]:
        """Say of cameras without events that nothing happens, once that is known."""
        settled = [camera for camera, due_s in self._settling.items() if now_s >= due_s]
        for camera in settled:
            del self._settling[camera]
        return self._changed(self._action(camera) for camera in settled)

    def _status(self, status: StatusMessage, now_s: float) -> Iterator[Publication]:
        camera = status.source
        if self._sessions.get(camera) != status.session:
            self._sessions[camera] = status.session
            self._open[camera] = {}
            self._settling[camera] = now_s + SETTLE_S
            if self._prefix:
                yield from discovery(camera, self._topics, self._prefix, self._version)
        yield Publication(self._topics.status(camera), encode(status).decode())
        seen = ONLINE if status.state in SEEN else OFFLINE
        yield Publication(self._topics.availability(camera), seen)

    def _event(self, event: EventMessage) -> Iterator[Publication]:
        camera = event.source
        events = self._open.setdefault(camera, {})
        if event.phase is EventPhase.END:
            events.pop(event.id, None)
        else:
            events[event.id] = event
        payload = encode(event).decode()
        yield Publication(self._topics.event(camera), payload, retain=False)
        yield Publication(self._topics.attributes(camera), payload)
        if events or camera not in self._settling:
            yield self._action(camera)

    def _action(self, camera: str) -> Publication:
        events = self._open.get(camera, {}).values()
        best = max(events, key=lambda event: event.score, default=None)
        label = NO_ACTION if best is None else best.label
        return Publication(self._topics.action(camera), label)

    def _changed(self, publications: Iterable[Publication]) -> list[Publication]:
        """Leave out what the broker retains already."""
        news = []
        for one in publications:
            if one.retain:
                if self._retained.get(one.topic) == one.payload:
                    continue
                self._retained[one.topic] = one.payload
            news.append(one)
        return news
