"""Metrics as Prometheus names them: seconds and bytes, ``_total`` for what only rises."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from typing import Any

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    SummaryMetricFamily,
)
from prometheus_client.metrics_core import Metric

from streamrec.health.camera import DELAYS_S, OTHER, CameraFigures
from streamrec.store.messages import StoreHealth
from streamrec.types import CameraState, CameraStatus

DROPS = ("late", "old", "stale", "corrupt", "frozen", "black", "grey")
"""Counts of frames that the model did not get to see, though it should have."""

INCIDENTS = ("stalls", "catch_ups", "decoder_errors", "clock_jumps", "size_changes", "rate_changes")
"""Counts of what is odd about a camera's stream."""

PLAIN = {
    "frames": ("streamrec_camera_frames", "Frames that came and were fit to be seen."),
    "losses": ("streamrec_camera_losses", "Connections lost, and attempts that failed."),
    "still": ("streamrec_camera_still_frames", "Frames without a prediction as nothing moved."),
    "failures": ("streamrec_camera_failures", "Failures of its model or of its worker."),
    "clips": ("streamrec_camera_clips", "Clips of events written."),
    "thumbnails": ("streamrec_camera_thumbnails", "Thumbnails of events written."),
    "footage_lost": ("streamrec_camera_footage_lost", "Clips and thumbnails not written."),
}
"""Counts that are metrics of their own."""

_RESETS = "resets_"

Row = tuple[Any, ...]
"""Values of the labels, then the sample's."""


def gauge(name: str, text: str, rows: Iterable[Row], labels: tuple[str, ...] = ()) -> Metric:
    """Return what may rise and fall; ``rows``: labels' values, then the sample's."""
    family = GaugeMetricFamily(name, text, labels=labels)
    for *values, sample in rows:
        family.add_metric(values, sample)
    return family


def counter(name: str, text: str, rows: Iterable[Row], labels: tuple[str, ...] = ()) -> Metric:
    """Return what only rises; ``rows``: labels' values, then the sample's."""
    family = CounterMetricFamily(name, text, labels=labels)
    for *values, sample in rows:
        family.add_metric(values, sample)
    return family


def camera_families(cameras: Mapping[str, CameraFigures], now_s: float) -> Iterator[Metric]:
    """Yield what is known of cameras.

    Args:
        cameras: by name.
        now_s: Unix time.
    """
    statuses = {name: camera.status for name, camera in cameras.items() if camera.status}
    yield from _states(statuses)
    yield from _counts(statuses)
    yield _drops(cameras)
    yield from _predictions(cameras, now_s)
    yield from _events(cameras)


def store_families(store: StoreHealth) -> Iterator[Metric]:
    """Yield how it stands with the database."""
    yield gauge("streamrec_store_up", "1: the database takes events.", [(not store.error,)])
    yield gauge(
        "streamrec_store_lag_seconds",
        "Age of the oldest record that is not in the database yet.",
        [(store.lag_s,)],
    )
    yield gauge("streamrec_store_spooled", "Records that wait in the spool.", [(store.spooled,)])
    yield counter("streamrec_store_written", "Records in the database.", [(store.written,)])
    yield counter("streamrec_store_lost", "Records that could be kept nowhere.", [(store.lost,)])


def _states(statuses: Mapping[str, CameraStatus]) -> Iterator[Metric]:
    live = {name: s for name, s in statuses.items() if s.state is CameraState.LIVE}
    yield gauge(
        "streamrec_camera_state",
        "1 for the state that it is in, 0 for the others.",
        ((name, state, s.state is state) for name, s in statuses.items() for state in CameraState),
        ("camera", "state"),
    )
    yield gauge(
        "streamrec_camera_frames_per_second",
        "Frames as they come; 0 while it is not live.",
        _rates(statuses, {name: s.fps for name, s in live.items()}),
        ("camera",),
    )
    yield gauge(
        "streamrec_camera_predictions_per_second",
        "Predictions as they are made; 0 while it is not live.",
        _rates(statuses, {name: s.predictions_hz for name, s in live.items()}),
        ("camera",),
    )
    yield gauge(
        "streamrec_camera_wanted_predictions_per_second",
        "As many there would be if this machine were fast enough.",
        ((name, s.wanted_hz) for name, s in live.items() if s.wanted_hz is not None),
        ("camera",),
    )
    yield gauge(
        "streamrec_camera_lag_seconds",
        "How much longer its newest frame took to get here than its fastest one did.",
        ((name, s.lag_ms / 1e3) for name, s in live.items()),
        ("camera",),
    )


def _rates(names: Iterable[str], live: Mapping[str, float | None]) -> Iterator[Row]:
    """Yield rates: those of live cameras that are known, and 0 for the others."""
    for name in names:
        if (rate := live.get(name, 0.0)) is not None:
            yield name, rate


def _counts(statuses: Mapping[str, CameraStatus]) -> Iterator[Metric]:
    counts = {name: status.counts for name, status in statuses.items()}
    for count, (metric, text) in PLAIN.items():
        rows = [(name, c.get(count, 0)) for name, c in counts.items()]
        yield counter(metric, text, rows, ("camera",))
    yield counter(
        "streamrec_camera_reconnects",
        "Connections made after the first.",
        ((name, max(c.get("connections", 0) - 1, 0)) for name, c in counts.items()),
        ("camera",),
    )
    yield counter(
        "streamrec_camera_incidents",
        "What is odd about its stream, by kind.",
        ((name, kind, c.get(kind, 0)) for name, c in counts.items() for kind in INCIDENTS),
        ("camera", "kind"),
    )
    yield counter(
        "streamrec_camera_resets",
        "Times that the model forgot everything, by reason.",
        (row for name, c in counts.items() for row in _resets(name, c)),
        ("camera", "reason"),
    )


def _resets(name: str, counts: Mapping[str, int]) -> Iterator[Row]:
    """Yield resets by reason; the rest of the total is for other reasons."""
    rest = counts.get("resets", 0)
    for count, times in counts.items():
        if count.startswith(_RESETS):
            yield name, count.removeprefix(_RESETS), times
            rest -= times
    yield name, OTHER, max(rest, 0)


def _drops(cameras: Mapping[str, CameraFigures]) -> Metric:
    rows: list[Row] = [(name, "skipped", camera.skipped) for name, camera in cameras.items()]
    for name, camera in cameras.items():
        counts = camera.status.counts if camera.status else {}
        rows += [(name, cause, counts.get(cause, 0)) for cause in DROPS]
    return counter(
        "streamrec_camera_dropped_frames",
        "Frames that the model did not get to see, by cause; skipped: points of its time grid.",
        rows,
        ("camera", "cause"),
    )


def _predictions(cameras: Mapping[str, CameraFigures], now_s: float) -> Iterator[Metric]:
    yield counter(
        "streamrec_predictions",
        "Predictions published.",
        ((n, model, times) for n, c in cameras.items() for model, times in c.predictions.items()),
        ("camera", "model"),
    )
    yield gauge(
        "streamrec_camera_frame_age_seconds",
        "Since the capture of the newest frame with a prediction; absent while it is disabled.",
        ((n, now_s - c.captured_s) for n, c in cameras.items() if c.captured_s and not _is_off(c)),
        ("camera",),
    )
    delays = HistogramMetricFamily(
        "streamrec_prediction_delay_seconds",
        "From a frame's capture to its prediction's publication.",
        labels=("camera",),
    )
    stages = SummaryMetricFamily(
        "streamrec_stage_seconds",
        "Where the time of predictions goes: decode, queue, preprocess, inference.",
        labels=("camera", "stage"),
    )
    bounds = [*map(str, DELAYS_S), "+Inf"]
    for name, camera in cameras.items():
        buckets = list(zip(bounds, accumulate(camera.delays), strict=True))
        delays.add_metric([name], buckets, camera.delay_s)
        for stage, seconds in camera.stages_s.items():
            stages.add_metric([name, stage], camera.predictions.total(), seconds)
    yield delays
    yield stages


def _is_off(camera: CameraFigures) -> bool:
    return camera.status is not None and camera.status.state is CameraState.DISABLED


def _events(cameras: Mapping[str, CameraFigures]) -> Iterator[Metric]:
    yield gauge(
        "streamrec_events_open",
        "Events that have begun and not ended.",
        ((name, len(camera.open)) for name, camera in cameras.items()),
        ("camera",),
    )
    yield counter(
        "streamrec_events",
        "Events that began, by label.",
        ((n, label, times) for n, c in cameras.items() for label, times in c.started.items()),
        ("camera", "label"),
    )
    yield counter(
        "streamrec_events_ended",
        "Events that ended, by reason.",
        ((n, reason, times) for n, c in cameras.items() for reason, times in c.ended.items()),
        ("camera", "reason"),
    )
