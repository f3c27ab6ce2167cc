"""Messages of a service -> messages to an MQTT broker."""

from collections.abc import Iterable, Iterator

from streamrec.mqtt.discovery import discovery
from streamrec.mqtt.topics import OFFLINE, ONLINE, Publication, Topics
from streamrec.types import NO_ACTION, CameraState, EventPhase
from streamrec.wire import EventMessage, HeartbeatMessage, Message, StatusMessage, encode

SETTLE_S = 1.0
"""For so long after the first word of a service what it knows may still be on its way."""

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
        self._open: dict[str, dict[str, EventMessage]] = {}
        self._untold: set[str] = set()
        self._session: str | None = None
        self._settled_s: float | None = None

    def join(self) -> None:
        """Believe nothing of what was said: a service that is joined now says how it stands."""
        self._session = None

    def everything(self) -> list[Publication]:
        """Return all that the broker should retain, for one that has just been connected."""
        return [Publication(topic, payload) for topic, payload in self._retained.items()]

    def alive(self, alive: bool) -> list[Publication]:
        """Take whether the service publishes."""
        return self._changed([Publication(self._topics.service, ONLINE if alive else OFFLINE)])

    def take(self, message: Message, now_s: float) -> list[Publication]:
        """Take a message."""
        if message.session != self._session:
            self._session, self._settled_s = message.session, now_s + SETTLE_S
            self._open = {camera: {} for camera in self._open}
            self._untold = set(self._open)
        match message:
            case StatusMessage():
                return self._changed(self._status(message))
            case EventMessage():
                return self._changed(self._event(message))
            case HeartbeatMessage():
                return self.alive(True)
        return []

    def turn(self, now_s: float) -> list[Publication]:
        """Say, once that is known, which cameras have no events, and which are there no more."""
        if self._settled_s is None or now_s < self._settled_s:
            return []
        self._settled_s = None
        gone = [Publication(self._topics.availability(name), OFFLINE) for name in self._untold]
        return self._changed([*gone, *map(self._action, self._open)])

    def _status(self, status: StatusMessage) -> Iterator[Publication]:
        camera = status.source
        self._open.setdefault(camera, {})
        self._untold.discard(camera)
        if self._prefix:
            yield from discovery(camera, self._topics, self._prefix, self._version)
        yield Publication(self._topics.status(camera), encode(status).decode())
        seen = ONLINE if status.state in SEEN else OFFLINE
        yield Publication(self._topics.availability(camera), seen)
        if self._settled_s is None:
            yield self._action(camera)

    def _event(self, event: EventMessage) -> Iterator[Publication]:
        camera = event.source
        events = self._open.setdefault(camera, {})
        self._untold.discard(camera)
        if event.phase is EventPhase.END:
            events.pop(event.id, None)
        else:
            events[event.id] = event
        payload = encode(event).decode()
        yield Publication(self._topics.event(camera), payload, retain=False)
        yield Publication(self._topics.attributes(camera), payload)
        if events or self._settled_s is None:
            yield self._action(camera)

    def _action(self, camera: str) -> Publication:
        events = self._open[camera].values()
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
