"""Events of the one source that a program watches by itself."""

import math
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from streamrec.errors import SinkError
from streamrec.events import SILENCE_S, EventTracker
from streamrec.service.event_desk import EventDesk
from streamrec.sinks.zmq import HEARTBEAT_S, ZmqPublisher
from streamrec.types import (
    ActionEvent,
    CameraState,
    CameraStatus,
    EventEnd,
    Frame,
    Prediction,
)
from streamrec.wire import EventMessage, message_of

_TURN_S = 0.1


class LiveEvents:
    """A sink that makes events of predictions, and publishes both.

    ``told`` may be called on any thread. Another thread lets subscribers in and sends heartbeats,
    as the loop may wait for a frame for ever.

    Args:
        publisher: what publishes.
        tracker: what makes events.
        top: how many classes a message names.
        show: is given each event that is published.
    """

    def __init__(
        self,
        publisher: ZmqPublisher,
        tracker: EventTracker,
        top: int,
        show: Callable[[EventMessage], None],
    ) -> None:
        self._publisher, self._tracker, self._top = publisher, tracker, top
        self._show = show
        self._desk = EventDesk(self._announce)
        self._lock = threading.Lock()
        self._live, self._withheld, self._seen_s = True, False, time.monotonic()
        self._heartbeat_s = -math.inf
        self._closed = threading.Event()
        self._tending = threading.Thread(target=self._tend, name="publisher", daemon=True)
        self._tending.start()

    def emit(self, prediction: Prediction, frame: Frame) -> None:
        """Publish a prediction and what begins, goes on or ends with it.

        Raises:
            MessageError: scores that are not finite.
            SinkError: the publisher is closed.
        """
        with self._lock:
            self._seen_s = time.monotonic()
            self._take(self._tracker.take(prediction))
            message = message_of(prediction, 0, "", self._top, action=self._tracker.action)
            self._publisher.publish(message, prediction.ready_s)

    def told(self, status: CameraStatus) -> None:
        """Publish how it stands with the source; end its events when it is lost."""
        with self._lock, suppress(SinkError):  # the publisher is closed first
            self._live, self._withheld = status.state is CameraState.LIVE, status.defect is not None
            self._take(self._tracker.told(status.state))
            self._publisher.tell(status)

    def close(self) -> None:
        """End what is open, as the program or the video ends; safe to call twice."""
        self._closed.set()
        self._tending.join()
        with self._lock:
            self._take(self._tracker.end(EventEnd.SHUTDOWN))

    def _take(self, events: Iterable[ActionEvent]) -> None:
        for event in events:
            self._desk.take(event)

    def _announce(self, event: EventMessage) -> None:
        self._publisher.announce(event)
        self._show(event)

    def _tend(self) -> None:
        while not self._closed.wait(_TURN_S):
            with self._lock:
                self._end_in_silence()
                self._beat()
                self._publisher.turn()

    def _end_in_silence(self) -> None:
        """End what is open while pictures are withheld; the next one would end it just so."""
        if self._withheld and time.monotonic() - self._seen_s > SILENCE_S:
            self._take(self._tracker.end(EventEnd.RESET))

    def _beat(self) -> None:
        if time.monotonic() - self._heartbeat_s >= HEARTBEAT_S:
            self._heartbeat_s = time.monotonic()
            self._publisher.heartbeat(1, int(self._live), self._desk.published)
