"""Clips seen as live video."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrec.config import EventOptions, EventSettings, RuleOptions, StreamOptions
from streamrec.errors import DatasetError, OptionError
from streamrec.evaluation.open_set import OpenSet, Watched, open_set, watch_clips
from streamrec.smoothing import Exponential
from streamrec.types import Frame
from tests.evaluation.color_model import (
    CLASSES,
    COLORS,
    clip,
    color_recognizer,
    color_video,
    probabilities,
)

STREAM = StreamOptions(predict="grid")


def watched(peak: float, *events: str, duration_s: float = 36.0) -> Watched:
    peaks = np.array([peak, 0.0], np.float32)
    return Watched(clip=clip("x"), duration_s=duration_s, events=events, peaks=peaks)


def watch(path, rules=None, stream=STREAM) -> Watched:
    (one,), faults = watch_clips(color_recognizer(), [clip(path)], stream, rules or EventSettings())
    assert not faults
    return one


def test_a_clip_raises_the_events_that_live_video_would(tmp_path):
    film = color_video(tmp_path / "a.avi", ("red", 3.0), ("grey", 3.0), ("blue", 3.0))
    one = watch(film)
    assert one.events == ("red", "blue")
    assert one.duration_s == pytest.approx(9.0)


def test_the_peak_is_what_smoothed_scores_hold_for_as_long_as_the_rule_wants(tmp_path):
    film = color_video(tmp_path / "a.avi", ("grey", 2.0), ("red", 1.0), ("grey", 2.0))
    sure, unsure = probabilities("red")[0], probabilities("grey")[0]
    smoother, state, seen = Exponential(0.5), None, []
    for step in range(25):
        raw = np.float32([sure if 10 <= step < 15 else unsure])
        score, state = smoother.step(raw, step / 5, state)
        seen.append(score[0])
    for consecutive in (1, 2, 3):
        rules = EventSettings(rule=RuleOptions(consecutive=consecutive))
        held = max(min(seen[i : i + consecutive]) for i in range(25 - consecutive + 1))
        assert watch(film, rules).peaks[0] == pytest.approx(held, abs=0.02)


def test_only_the_leader_peaks_where_events_exclude_each_other(tmp_path):
    film = color_video(tmp_path / "a.avi", ("red", 2.0))
    together = EventSettings(options=EventOptions(exclusive=False))
    assert watch(film).peaks[1:].tolist() == [0, 0]
    assert (watch(film, together).peaks[1:] > 0).all()


def test_denied_labels_raise_nothing_and_lead_nothing(tmp_path):
    film = color_video(tmp_path / "a.avi", ("red", 2.0))
    one = watch(film, EventSettings(deny=("red",)))
    assert (one.events, one.peaks[0]) == ((), 0)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.sampled_from(["red", "green", "grey"]), min_size=4, max_size=12),
    st.integers(1, 3),
    st.sampled_from([0.0, 0.4, 0.7]),
    st.booleans(),
)
def test_an_event_starts_at_the_peak_and_not_above_it(colors, consecutive, lasting_s, exclusive):
    rule = RuleOptions(consecutive=consecutive, min_duration=lasting_s, off_score=0.0)
    rules = EventSettings(rule=rule, options=EventOptions(exclusive=exclusive))
    film = _Film(colors)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("streamrec.evaluation.open_set.ClipSource", lambda one: film)
        peaks = watch("film", rules).peaks
        for row, label in enumerate(CLASSES):
            for on_score, begins in ((peaks[row], True), (np.nextafter(peaks[row], 2), False)):
                if 0.0 < on_score <= 1.0:
                    at = replace(rule, on_score=float(on_score))
                    only = replace(rules, labels={label: at}, rule=replace(rule, on_score=1.0))
                    assert (label in watch("film", only).events) is begins


def test_unknown_clips_are_counted(tmp_path):
    unknown = [watched(0.6, "a", "b"), watched(0.2), watched(0.7, "b"), watched(0.1)]
    found = open_set(unknown, [watched(0.9), watched(0.6)])
    assert found == OpenSet(
        clips=4, raised=2, hours=0.04, events={"b": 2, "a": 1}, auroc=pytest.approx(6.5 / 8)
    )
    assert (found.share_raised, found.events_per_hour) == (0.5, pytest.approx(75))


def test_without_known_clips_nothing_is_told_from_them():
    assert open_set([watched(0.5)], []).auroc is None


def test_a_single_picture_lasts_no_time():
    assert open_set([watched(0.5, duration_s=0.0)], []).events_per_hour == 0


def test_bad_files_are_told(tmp_path):
    film = color_video(tmp_path / "a.avi", ("red", 1.0))
    clips = [clip(tmp_path / "none.avi"), clip(film)]
    seen = []
    found, faults = watch_clips(
        color_recognizer(), clips, STREAM, EventSettings(), lambda: seen.append(1)
    )
    assert [one.clip for one in found] == clips[1:]
    assert [fault.clip for fault in faults] == clips[:1]
    assert len(seen) == 2
    with pytest.raises(DatasetError, match="no such file"):
        watch_clips(color_recognizer(), clips[:1], STREAM, EventSettings())


def test_rules_that_allow_nothing_are_refused():
    with pytest.raises(OptionError, match="no label"):
        watch_clips(color_recognizer(), [], STREAM, EventSettings(deny=("*",)))


class _Film:
    """A clip in memory, two frames of each colour."""

    fps = 5.0

    def __init__(self, colors: list[str]) -> None:
        self._colors = colors

    def __enter__(self) -> "_Film":
        return self

    def __exit__(self, *exc: object) -> None:
        return

    def __iter__(self):
        colors = [color for color in self._colors for _ in range(2)]
        for i, color in enumerate(colors):
            image = np.full((8, 8, 3), COLORS[color], np.uint8)
            yield Frame(image=image, index=i, captured_s=float(i), time_s=i / 5, source="film")
