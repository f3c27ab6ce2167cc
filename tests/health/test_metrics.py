"""What metrics say, as Prometheus reads it."""

import threading

import pytest
from health_feed import COUNTS, event, fed_health, prediction, status
from made_predictions import make_prediction
from prometheus_client import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as open_metrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_open
from prometheus_client.parser import text_string_to_metric_families as parse

from streamrec.health import families
from streamrec.health.camera import MOST_LABELS
from streamrec.health.metrics import SILENCE_S, Health
from streamrec.service.counts import COUNTS as SERVICE_COUNTS
from streamrec.sources.counts import COUNTS as SOURCE_COUNTS
from streamrec.store.messages import StoreHealth
from streamrec.types import CameraState, EventEnd, EventPhase, Latency, now_s


def samples(health):
    """By name and the values of the labels, sorted by the labels' names."""
    text = generate_latest(health.registry).decode()
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in parse(text)
        for sample in family.samples
    }


def watching(*cameras):
    health = Health()
    for camera in cameras:
        health.told(status(camera))
    return health


@pytest.mark.parametrize(
    ("sample", "value"),
    [
        (("camera_state", "door", "live"), 1),
        (("camera_state", "door", "lost"), 0),
        (("camera_frames_per_second", "door"), 25),
        (("camera_predictions_per_second", "door"), 5),
        (("camera_wanted_predictions_per_second", "door"), 10),
        (("camera_lag_seconds", "door"), 0.02),
        (("camera_frames_total", "door"), 100),
        (("camera_reconnects_total", "door"), 2),
        (("camera_losses_total", "door"), 2),
        (("camera_failures_total", "door"), 1),
        (("camera_still_frames_total", "door"), 12),
        (("camera_clips_total", "door"), 3),
        (("camera_thumbnails_total", "door"), 4),
        (("camera_footage_lost_total", "door"), 2),
        (("camera_dropped_frames_total", "door", "late"), 10),
        (("camera_dropped_frames_total", "door", "old"), 11),
        (("camera_dropped_frames_total", "door", "stale"), 9),
        (("camera_dropped_frames_total", "door", "grey"), 7),
        (("camera_dropped_frames_total", "door", "skipped"), 2),
        (("camera_incidents_total", "door", "decoder_errors"), 8),
        (("camera_resets_total", "door", "gap"), 3),
        (("camera_resets_total", "door", "other"), 2),
        (("predictions_total", "door", "gestures"), 1),
        (("prediction_delay_seconds_bucket", "door", "0.1"), 0),
        (("prediction_delay_seconds_bucket", "door", "0.15"), 1),
        (("prediction_delay_seconds_bucket", "door", "+Inf"), 1),
        (("prediction_delay_seconds_sum", "door"), pytest.approx(0.12)),
        (("stage_seconds_sum", "door", "decode"), 0.001),
        (("stage_seconds_sum", "door", "queue"), 0.002),
        (("stage_seconds_sum", "door", "preprocess"), 0.003),
        (("stage_seconds_sum", "door", "inference"), 0.004),
        (("stage_seconds_count", "door", "inference"), 1),
        (("events_open", "door"), 1),
        (("events_total", "door", "wave"), 2),
        (("events_ended_total", "door", "score"), 1),
        (("workers",), 2),
        (("worker_restarts_total",), 1),
        (("subscribers",), 4),
        (("connections_refused_total", "publish"), 5),
        (("publish_overflows_total",), 6),
        (("connections_kicked_total", "publish"), 7),
        (("replay_answers_total",), 9),
        (("connections_refused_total", "replay"), 10),
        (("connections_kicked_total", "replay"), 11),
        (("store_queued",), 8),
        (("store_up",), 1),
        (("store_lag_seconds",), 1.5),
        (("store_spooled",), 3),
        (("store_lost_total",), 1),
        (("store_written_total",), 40),
    ],
)
def test_what_is_told_is_said(sample, value):
    assert samples(fed_health())[(f"streamrec_{sample[0]}", *sample[1:])] == value


def test_every_count_of_a_camera_is_said_somewhere():
    said = {*families.PLAIN, *families.DROPS, *families.INCIDENTS, "connections", "resets"}
    said.add("predictions")  # counted one by one, as they come
    counts = {name for name in {**SOURCE_COUNTS, **SERVICE_COUNTS} if "resets_" not in name}
    assert counts <= said


def test_the_process_and_the_version_are_told():
    names = {name for name, *_ in samples(Health())}
    assert {"streamrec_build_info", "streamrec_loop_age_seconds"} <= names


def test_the_age_of_a_frame_is_that_when_it_is_asked_for():
    health = Health()
    health.predicted(prediction(captured_s=now_s() - 7.0), now_s())
    age_s = samples(health)["streamrec_camera_frame_age_seconds", "door"]
    assert 7.0 <= age_s < 60.0


def test_a_camera_that_is_off_has_no_age_and_no_rates():
    health = fed_health()
    health.told(status(state=CameraState.DISABLED, fps=25.0, counts=COUNTS))
    said = samples(health)
    assert ("streamrec_camera_frame_age_seconds", "door") not in said
    assert said["streamrec_camera_frames_per_second", "door"] == 0
    assert said["streamrec_camera_frames_total", "door"] == 100


def test_a_prediction_that_no_message_carries_yet_counts_as_well():
    health, seen_s = Health(), now_s()
    health.predicted(
        make_prediction(
            source="clip",
            captured_s=seen_s,
            model="gestures",
            ready_s=seen_s,
            latency=Latency(infer_ms=4.0),
        ),
        seen_s,
    )
    said = samples(health)
    assert said["streamrec_predictions_total", "clip", "gestures"] == 1
    assert said["streamrec_stage_seconds_sum", "clip", "inference"] == 0.004


def test_a_forgotten_camera_disappears_and_the_others_stay():
    health = fed_health()
    health.told(status("yard"))
    health.forget("door")
    cameras = {key[1] for key in samples(health) if key[0] == "streamrec_camera_state"}
    assert cameras == {"yard"}
    assert not any("door" in key for key in samples(health))


def test_events_that_are_told_after_a_camera_is_gone_do_not_bring_it_back():
    health = fed_health()
    health.forget("door")
    health.happened(event(EventPhase.START, "3"))
    health.happened(event(EventPhase.END, "2", reason=EventEnd.DISABLED))
    assert not any("door" in key for key in samples(health))


def test_grid_points_without_a_frame_are_counted_on_when_the_stream_begins_anew():
    health = Health()
    for skipped in (2, 5, 1):
        health.predicted(prediction(skipped=skipped), 100.0)
    assert samples(health)["streamrec_camera_dropped_frames_total", "door", "skipped"] == 6


def test_what_has_not_happened_yet_is_zero_so_that_rates_begin_there():
    health = Health()
    health.told(status(model="gestures"))
    said = samples(health)
    assert said["streamrec_predictions_total", "door", "gestures"] == 0
    assert said["streamrec_camera_still_frames_total", "door"] == 0
    assert said["streamrec_camera_dropped_frames_total", "door", "old"] == 0


def test_a_start_that_is_told_twice_is_one_event():
    health = watching("door")
    for _ in range(2):
        health.happened(event(EventPhase.START))
    assert samples(health)["streamrec_events_total", "door", "wave"] == 1


def test_labels_are_bounded():
    health = watching("door")
    for number in range(MOST_LABELS + 5):
        health.happened(event(EventPhase.START, str(number), label=f"label {number}"))
    said = {key: n for key, n in samples(health).items() if key[0] == "streamrec_events_total"}
    assert len(said) == MOST_LABELS + 1
    assert said["streamrec_events_total", "door", "other"] == 5


def test_names_and_labels_with_odd_characters_can_be_read():
    health = watching("door", 'front "door"\n\\')
    health.happened(event(EventPhase.START, label='say "no"\n\\ é'))
    assert samples(health)["streamrec_events_total", "door", 'say "no"\n\\ é'] == 1
    assert samples(health)["streamrec_camera_state", "front_door_", "live"] == 1


def test_open_metrics_can_be_read():
    text = open_metrics(fed_health().registry).decode()
    names = {family.name for family in parse_open(text)}
    assert {"streamrec_camera_frames", "streamrec_prediction_delay_seconds"} <= names


def test_every_name_has_the_prefix_or_is_of_the_process_and_is_explained():
    for family in parse(generate_latest(fed_health().registry).decode()):
        assert family.name.startswith(("streamrec_", "process_"))
        assert family.documentation and family.samples, family.name


def test_it_is_healthy_while_the_loop_goes_round(monkeypatch):
    health = Health()
    assert health.healthy
    stand_still(monkeypatch, SILENCE_S + 1)
    assert not health.healthy and "the loop stands still for 11 s" in health.missing()
    health.turn()
    assert health.healthy


def test_a_program_without_a_loop_is_healthy(monkeypatch):
    health = Health(loop=False)
    stand_still(monkeypatch, SILENCE_S + 1)
    assert health.healthy and health.missing() == []


def stand_still(monkeypatch, seconds):
    import time

    now_s = time.monotonic() + seconds
    monkeypatch.setattr("streamrec.health.metrics.time.monotonic", lambda: now_s)


def test_it_is_ready_once_every_camera_has_been_tried():
    health = Health()
    health.turn()
    health.told(status("door", CameraState.CONNECTING))
    health.told(status("yard", CameraState.LIVE))
    assert health.missing() == ["not tried yet: door"]
    health.told(status("door", CameraState.BACKING_OFF))
    assert health.missing() == []
    health.told(status("new", CameraState.CONNECTING))
    assert health.missing() == []


def test_it_is_not_ready_before_its_workers_run():
    health = Health()
    health.turn()
    health.workers(1, 2)
    assert health.missing() == ["1 of 2 workers run"]
    health.workers(2, 2)
    assert health.missing() == []


def test_it_is_ready_once_the_database_has_answered_also_where_that_is_lost_later(monkeypatch):
    health = Health(store=True)
    health.turn()
    assert health.missing() == ["the store has not answered yet"]
    down = StoreHealth(lag_s=9.0, spooled=100, lost=0, written=0, error="it is down")
    health.store(down, reached=False)
    assert health.missing() == ["the store has not answered yet"]
    health.store(down, reached=True)
    assert health.missing() == []
    assert samples(health)["streamrec_store_up",] == 0
    stand_still(monkeypatch, SILENCE_S + 1)
    health.turn()
    health.store(down, reached=True)
    assert health.missing() == ["the store says nothing for 11 s"]


def test_it_may_be_asked_while_it_is_fed():
    health, stop = Health(), threading.Event()

    def feed():
        number = 0
        while not stop.is_set():
            number += 1
            health.told(status(f"camera{number % 50}", counts=COUNTS))
            health.happened(event(EventPhase.START, str(number), label=f"label {number % 99}"))
            health.forget(f"camera{(number + 7) % 50}")

    feeder = threading.Thread(target=feed)
    feeder.start()
    try:
        for _ in range(10):
            assert samples(health)
    finally:
        stop.set()
        feeder.join()
