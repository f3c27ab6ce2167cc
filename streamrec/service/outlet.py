"""All that a service says: to its subscribers, to its store, and to those who watch it.

Nothing here waits: what may hang, the database above all, does so in a process of its own.
"""

import logging
import math
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack

from streamrec.errors import MessageError
from streamrec.health.metrics import Health
from streamrec.health.server import HealthServer
from streamrec.service.event_desk import EventDesk
from streamrec.service.replayer import Replayer
from streamrec.service.secrets import resolve
from streamrec.service.settings import ServiceSettings
from streamrec.sinks.zmq import HEARTBEAT_S, ZmqPublisher
from streamrec.store.keeper import Keeper
from streamrec.store.place import StorePlace, store_place
from streamrec.types import ActionEvent, CameraState, CameraStatus, EventEnd, now_s
from streamrec.wire import EventMessage, PredictionMessage

FLUSH_S = 0.5
"""Longest wait at the end for the store to have everything."""

_log = logging.getLogger("streamrec")


class Outlet:
    """Publishes, keeps and counts.

    Args:
        settings: the service's.

    Attributes:
        media: folder of thumbnails and clips; empty: there is none.
        publishes_on: where subscribers connect; ``replays_on``: where they get what they missed,
            ``metrics_on``: where metrics are served, both empty where that is nowhere.
        health: what metrics say.

    Raises:
        EndpointError: an endpoint is in use, not permitted or not allowed.
        KeysError: keys that are missing, malformed or open to others.
        StoreError: the store cannot be had.
        OptionError, SourceOpenError: a store of an unknown kind; a secret that is missing.
    """

    def __init__(self, settings: ServiceSettings) -> None:
        service, access, health = settings.service, settings.access, settings.health
        place = _place(settings)
        self.media = "" if place is None else str(place.media)
        self.metrics_on = ""
        with ExitStack() as stack:
            self._publisher = ZmqPublisher(
                service.publish, top_k=service.top, format=service.format, access=access
            )
            stack.callback(self._publisher.close)
            self._keeper: Keeper | None = None
            self._replayer: Replayer | None = None
            if place is not None:
                self._keeper = Keeper(place, settings.store)
                stack.callback(self._keeper.close, 0.0)
                self._replayer = Replayer(place, service.replay, access)
                stack.callback(self._replayer.close)
            self.health = Health(store=place is not None)
            self._server: HealthServer | None = None
            if health.metrics:
                self._server = HealthServer(health.metrics, self.health)
                self.metrics_on = self._server.address
            stack.pop_all()
        self.publishes_on = self._publisher.endpoint
        self.replays_on = "" if self._replayer is None else self._replayer.endpoint
        self._desk = EventDesk(self._announce, self._keeper)
        self._delays_ms: dict[str, float] = {}
        self._heartbeat_s = -math.inf

    @property
    def delays_ms(self) -> Mapping[str, float]:
        """From capture to publication of each camera's newest prediction, milliseconds."""
        return self._delays_ms

    def waiting(self) -> Iterator[object]:
        """Yield what pollers wait for: sockets and file descriptors."""
        yield from self._publisher.sockets
        for process in (self._keeper, self._replayer):
            if process is not None and (fileno := process.fileno()) is not None:
                yield fileno

    def predicted(self, prediction: PredictionMessage, ready_s: float) -> None:
        """Publish a prediction; ``ready_s``: Unix time at which it was complete."""
        try:
            self._publisher.publish(prediction, ready_s)
        except MessageError as error:
            _warn(prediction.source, error)
        published_s = now_s()
        self._delays_ms[prediction.source] = (published_s - prediction.captured_s) * 1e3
        self.health.predicted(prediction, published_s)

    def happened(self, event: ActionEvent) -> None:
        """Take what a worker says of an event."""
        self._desk.take(event)

    def told(self, status: CameraStatus) -> None:
        """Publish how it stands with a camera; its events end where it is not seen any more."""
        self._desk.told(status)
        try:
            self._publisher.tell(status)
        except MessageError as error:
            _warn(status.source, error)
        self.health.told(status)

    def failed(self, camera: str) -> None:
        """End the events of a camera whose worker has failed."""
        self._desk.end(camera, EventEnd.FAILED)

    def forget(self, camera: str) -> None:
        """Know nothing of a camera any more."""
        self._desk.forget(camera)
        self._publisher.forget(camera)
        self.health.forget(camera)
        self._delays_ms.pop(camera, None)

    def turn(self, statuses: Mapping[str, CameraStatus]) -> None:
        """Do what is due: acknowledged events, new subscribers, heartbeats, dead processes.

        Args:
            statuses: of all cameras.
        """
        self._desk.turn()
        self._publisher.turn()
        if self._keeper is not None and self._replayer is not None:
            self._keeper.turn()
            self._replayer.hear()
            self._replayer.turn()
        self.health.turn()
        if time.monotonic() - self._heartbeat_s >= HEARTBEAT_S:
            self._heartbeat_s = time.monotonic()
            self._beat(statuses)

    def end_events(self) -> None:
        """End what is open, as the service ends."""
        self._desk.end_all(EventEnd.SHUTDOWN)

    def close(self) -> None:
        """End what is open, see that it is kept, publish it, and unbind."""
        self.end_events()
        if self._keeper is not None:
            self._keeper.close(FLUSH_S)
        self._desk.turn()
        self._desk.publish_all()
        if self._replayer is not None:
            self._replayer.close()
        if self._server is not None:
            self._server.close()
        self._publisher.close()

    def _announce(self, event: EventMessage) -> None:
        try:
            self._publisher.announce(event)
        except MessageError as error:
            _warn(event.source, error)
        self.health.happened(event)

    def _beat(self, statuses: Mapping[str, CameraStatus]) -> None:
        """Say that the service lives, and give metrics the figures that nobody else brings."""
        live = sum(status.state is CameraState.LIVE for status in statuses.values())
        self._publisher.heartbeat(len(statuses), live, self._desk.published)
        self.health.publisher(**self._publisher.counts._asdict())
        if self._replayer is not None:
            replay = self._replayer.health
            self.health.replay(
                answered=replay.answered, refused=replay.refused, kicked=replay.kicked
            )
        if self._desk.health is not None:
            self.health.store(self._desk.health, reached=self._desk.has_reached_store)
        self.health.queue(self._desk.waiting)


def _warn(camera: str, error: MessageError) -> None:
    _log.warning("%s: %s", camera, error, extra={"camera": camera})


def _place(settings: ServiceSettings) -> StorePlace | None:
    store = settings.store
    return store_place(resolve(store.store), store.media)
