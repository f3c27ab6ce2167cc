"""How a service does: its one loop says, a thread that serves HTTP asks.

All that is kept fits into memory for ever: what is counted is bounded by the number of cameras.
"""

import threading
import time
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import InfoMetricFamily
from prometheus_client.metrics_core import Metric

from streamrec.health.camera import CameraFigures
from streamrec.health.families import camera_families, counter, gauge, store_families
from streamrec.store.messages import StoreHealth
from streamrec.types import CameraStatus, Prediction, now_s
from streamrec.version import __version__
from streamrec.wire import EventMessage, PredictionMessage, source_name

SILENCE_S = 10.0
"""A loop that has not gone round for so long hangs; so does a store that says nothing."""

_MOST_NAMED = 10


class Health:
    """What metrics, health and readiness say. Any thread may ask while another feeds it.

    Args:
        loop: whether there is a loop that is to go round; a program that waits for one source has
            none.
        store: whether events are to be kept.

    Attributes:
        registry: what Prometheus asks.
    """

    def __init__(self, *, loop: bool = True, store: bool = False) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(self)
        ProcessCollector(registry=self.registry)
        self._lock = threading.Lock()
        self._cameras: dict[str, CameraFigures] = {}
        self._watches_loop, self._awaits_store = loop, store
        self._started_s = self._turned_s = self._store_s = time.monotonic()
        self._all_tried = False
        self._workers = self._workers_wanted = self._restarts = 0
        self._store: StoreHealth | None = None
        self._store_reached = False
        self._queued = 0
        self._subscribers = self._dropped = self._answered = 0
        self._refused: dict[str, int] = {}
        self._kicked: dict[str, int] = {}

    def predicted(self, prediction: Prediction | PredictionMessage, now_s: float) -> None:
        """Take a prediction that is published now; ``now_s``: Unix time."""
        with self._lock:
            self._camera(prediction.source).predicted(prediction, now_s)

    def told(self, status: CameraStatus) -> None:
        """Take how it stands with a camera."""
        with self._lock:
            self._camera(status.source).told(status)

    def happened(self, event: EventMessage) -> None:
        """Take what happened; of a camera that is not known any more, it is no news."""
        with self._lock:
            if event.source in self._cameras:
                self._cameras[event.source].happened(event)

    def forget(self, camera: str) -> None:
        """Say nothing of a camera any more."""
        with self._lock:
            self._cameras.pop(source_name(camera), None)

    def workers(self, running: int, wanted: int) -> None:
        """Take how many workers run, and how many are to."""
        self._workers, self._workers_wanted = running, wanted

    def worker_restarted(self) -> None:
        """Count a worker that failed and is started again."""
        self._restarts += 1

    def store(self, health: StoreHealth, *, reached: bool) -> None:
        """Take how it stands with the database, where the same again is no news.

        Args:
            health: what its process says.
            reached: whether it has ever answered.
        """
        self._store_reached = reached
        if health is not self._store:
            self._store, self._store_s = health, time.monotonic()

    def queue(self, depth: int) -> None:
        """Take how many records wait for the store to say that it has them."""
        self._queued = depth

    def publisher(self, *, subscribers: int, refused: int, dropped: int, kicked: int) -> None:
        """Take how it stands with subscribers.

        Args:
            subscribers: that are connected.
            refused: connections that were not let in, so far.
            dropped: times that the queue of a slow subscriber became full, so far.
            kicked: connections that were ended because of what they did, so far.
        """
        self._subscribers, self._dropped = subscribers, dropped
        self._refused["publish"], self._kicked["publish"] = refused, kicked

    def replay(self, *, answered: int, refused: int, kicked: int) -> None:
        """Take how many requests the replay socket answered; the others are as in `publisher`."""
        self._answered = answered
        self._refused["replay"], self._kicked["replay"] = refused, kicked

    def turn(self) -> None:
        """The loop went round."""
        self._turned_s = time.monotonic()

    @property
    def uptime_s(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started_s

    @property
    def loop_age_s(self) -> float:
        """Seconds since the loop went round; 0 where there is none."""
        return time.monotonic() - self._turned_s if self._watches_loop else 0.0

    @property
    def healthy(self) -> bool:
        """Whether the loop goes round."""
        return self.loop_age_s <= SILENCE_S

    def missing(self) -> list[str]:
        """Return what the service still waits for, in words; nothing once it is ready.

        It is ready once all workers run, each camera has been tried, and the database has answered.
        A camera has been tried once it is live or it is known why not: one that cannot be reached,
        whose model cannot be fetched, or that is disabled makes no service unready; one whose model
        is being loaded still does. A database that is lost later does not either, as events wait
        in the spool meanwhile; a process that stores them and says nothing any more does.
        """
        missing = [] if self.healthy else [f"the loop stands still for {self.loop_age_s:.0f} s"]
        if self._workers < self._workers_wanted:
            missing.append(f"{self._workers} of {self._workers_wanted} workers run")
        if self._awaits_store and not self._store_reached:
            missing.append("the store has not answered yet")
        elif self._awaits_store and (silence_s := time.monotonic() - self._store_s) > SILENCE_S:
            missing.append(f"the store says nothing for {silence_s:.0f} s")
        return missing + self._untried()

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics of streamrec's own."""
        yield InfoMetricFamily("streamrec_build", "What runs.", {"version": __version__})
        with self._lock:
            yield from list(camera_families(self._cameras, now_s()))
        yield from self._service()
        if self._store is not None:
            yield from store_families(self._store)

    def _camera(self, name: str) -> CameraFigures:
        return self._cameras.setdefault(source_name(name), CameraFigures())

    def _untried(self) -> list[str]:
        """Return the cameras that have not been tried since the start; later ones do not matter."""
        with self._lock:
            cameras = self._cameras.items()
            untried = [name for name, c in cameras if c.status is not None and not c.tried]
        self._all_tried |= not untried and self._turned_s > self._started_s
        if self._all_tried or not untried:
            return []
        more = ", ..." if len(untried) > _MOST_NAMED else ""
        return [f"not tried yet: {', '.join(untried[:_MOST_NAMED])}{more}"]

    def _service(self) -> Iterator[Metric]:
        yield gauge(
            "streamrec_loop_age_seconds", "Since the loop went round.", [(self.loop_age_s,)]
        )
        yield gauge("streamrec_workers", "Workers that run.", [(self._workers,)])
        yield counter(
            "streamrec_worker_restarts",
            "Workers started again as they failed.",
            [(self._restarts,)],
        )
        yield gauge(
            "streamrec_store_queued", "Records that wait for the store's word.", [(self._queued,)]
        )
        yield gauge("streamrec_subscribers", "Subscribers connected.", [(self._subscribers,)])
        yield counter(
            "streamrec_publish_overflows",
            "Times that the queue of a slow subscriber became full.",
            [(self._dropped,)],
        )
        yield counter("streamrec_replay_answers", "Replay requests answered.", [(self._answered,)])
        yield counter(
            "streamrec_connections_refused",
            "Connections not let in.",
            list(self._refused.items()),
            ("socket",),
        )
        yield counter(
            "streamrec_connections_kicked",
            "Connections ended because of what they did.",
            list(self._kicked.items()),
            ("socket",),
        )
