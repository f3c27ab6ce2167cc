from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import clip_recognizer, exported, recognizer, runtime, spec, trained

from streamrec.errors import FrameError, LabelsError, OptionError
from streamrec.lanes import softmax
from streamrec.preprocess import Preprocessor
from streamrec.recognizer import Recognizer
from streamrec.runtimes.onnx import OnnxClip, OnnxRuntime
from streamrec.runtimes.torch import TorchRuntime
from streamrec.runtimes.window import WindowRuntime
from streamrec.sampling import Reset, TimeGrid
from streamrec.smoothing import Exponential, NoSmoothing
from streamrec.types import Frame

WARM_UP_FRAMES = 9


def pictures(count: int, seed: int = 0) -> list[np.ndarray]:
    shape = (count, 32, 32, 3)
    return list(np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8))


def steady(fps: float, count: int) -> list[float]:
    return [1000 + index / fps for index in range(count)]


def frame(picture: np.ndarray, time_s: float, **values) -> Frame:
    return Frame(
        image=picture,
        index=values.pop("index", 0),
        captured_s=5.0,
        time_s=time_s,
        source="cam",
        **values,
    )


def push_all(stream, times, seed: int = 0):
    shots = pictures(len(times), seed)
    return [stream.push(shot, time_s) for shot, time_s in zip(shots, times, strict=True)]


def test_thirty_frames_a_second_are_six_separate_streams_bit_for_bit():
    stream = recognizer().stream(declared_fps=30.0)
    predictions = push_all(stream, steady(30.0, 120))
    model = runtime()
    preprocess, six = Preprocessor(model.spec.preprocessing), [model.start() for _ in range(6)]
    for index, shot in enumerate(pictures(120)):
        expected = softmax(six[index % 6].step(preprocess(shot)))
        np.testing.assert_array_equal(predictions[index].raw, expected)
        assert predictions[index].state_age == index // 6 + 1


@pytest.mark.parametrize("fps", [7.3, 23.976, 30.0])
def test_on_the_grid_a_stream_is_the_runtime_over_the_sampled_frames(fps):
    times = steady(fps, 200)
    times = [*times[:50], *(t + 0.7 for t in times[50:120]), *(t + 5.0 for t in times[120:])]
    stream = recognizer().stream(predict="grid", declared_fps=fps, smoother=NoSmoothing())
    predictions = push_all(stream, times)
    model, grid = runtime(), TimeGrid(fps=5.0, declared_fps=fps)
    preprocess, running, before = Preprocessor(model.spec.preprocessing), model.start(), None
    for shot, time_s, prediction in zip(pictures(200), times, predictions, strict=True):
        x, due, logits = preprocess(shot), grid.push(time_s), None
        if due.reset:
            running = model.start()
        for turn in due.turns:
            logits = running.step(before if turn.repeat else x)
        before = x
        assert (prediction is None) == (logits is None)
        if logits is not None:
            np.testing.assert_array_equal(prediction.raw, softmax(logits))
    assert grid.repeated > 0
    assert max(prediction.resets for prediction in predictions if prediction) == 1


def test_two_streams_of_one_recognizer_do_not_mix():
    shared, times = recognizer(), steady(30.0, 40)
    one, two = shared.stream(declared_fps=30.0), shared.stream(declared_fps=30.0)
    mixed = [
        (one.push(a, t), two.push(b, t))
        for a, b, t in zip(pictures(40, 1), pictures(40, 2), times, strict=True)
    ]
    for seed in (1, 2):
        alone = push_all(shared.stream(declared_fps=30.0), times, seed)
        for pair, prediction in zip(mixed, alone, strict=True):
            np.testing.assert_array_equal(pair[seed - 1].scores, prediction.scores)


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [((32, 32, 3), "u1"), ((40, 50), "u1"), ((9, 9, 4), "u1"), ((8, 8, 3), "f4"), ((8, 8), "u2")],
)
def test_pictures_are_not_changed(shape, dtype):
    array = np.random.default_rng(0).random(shape)
    array = array.astype(dtype) if dtype == "f4" else (array * 255).astype(dtype)
    before = array.copy()
    array.flags.writeable = False
    recognizer().stream(color="rgb").push(array, 0.0)
    np.testing.assert_array_equal(array, before)


def test_a_prediction_stays_as_it_was_when_the_stream_goes_on():
    stream = recognizer().stream(smoother=NoSmoothing())
    first = stream.push(pictures(1)[0], 0.0)
    raw, scores = first.raw.copy(), first.scores.copy()
    push_all(stream, steady(30.0, 20))
    np.testing.assert_array_equal(first.raw, raw)
    np.testing.assert_array_equal(first.scores, scores)


@pytest.mark.parametrize(
    "odd",
    [
        np.full((8, 8, 3), np.nan, np.float32),
        np.full((8, 8, 3), np.inf, np.float32),
        np.full((8, 8, 3), 255.0),
        np.zeros((0, 8, 3), np.uint8),
        np.zeros((8, 8, 2), np.uint8),
        np.zeros((2, 8, 8, 3), np.uint8),
        np.zeros((8, 8, 3), np.int64),
        np.zeros((8, 8, 3), bool),
        np.zeros((8, 8, 3), complex),
        np.array([["a"]]),
        None,
        3.0,
    ],
    ids=lambda odd: f"{getattr(odd, 'dtype', odd)}{list(np.shape(odd))}",
)
def test_an_array_that_is_no_picture_is_refused_and_leaves_the_stream_as_it_was(odd):
    disturbed, calm = (recognizer().stream(declared_fps=30.0) for _ in range(2))
    for index, (shot, time_s) in enumerate(zip(pictures(12), steady(30.0, 12), strict=True)):
        if index == 6:
            with pytest.raises(FrameError) as caught:
                disturbed.push(odd, time_s)
            assert "\n" not in str(caught.value)
        one, other = disturbed.push(shot, time_s), calm.push(shot, time_s)
        np.testing.assert_array_equal(one.scores, other.scores)
        assert one.frame_index == other.frame_index == index


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (4320, 7680)])
def test_any_size_of_picture_is_taken(size):
    assert recognizer().stream().push(np.zeros((*size, 3), np.uint8)) is not None


def test_the_order_of_colours_can_be_said():
    blue_first, red_first = recognizer().stream(), recognizer().stream(color="rgb")
    for shot, time_s in zip(pictures(5), steady(5.0, 5), strict=True):
        one, other = blue_first.push(shot, time_s), red_first.push(shot[:, :, ::-1], time_s)
        np.testing.assert_array_equal(one.raw, other.raw)


def test_an_array_without_a_time_was_taken_now():
    stream = recognizer().stream("door")
    first, second = (stream.push(shot) for shot in pictures(2))
    assert (first.source, first.frame_index, first.pts_s) == ("door", 0, None)
    assert second is None or second.time_s > first.time_s
    assert first.time_s == first.captured_s <= first.ready_s


def test_a_frames_own_data_travel_with_the_prediction():
    stream = recognizer().stream("unused")
    shot = pictures(1)[0]
    first = frame(shot, 7.0, index=41, pts_s=6.5, dropped=2, capture_ms=3.0)
    prediction = stream.push(first)
    assert (prediction.source, prediction.frame_index) == ("cam", 41)
    assert (prediction.captured_s, prediction.time_s, prediction.pts_s) == (5.0, 7.0, 6.5)
    assert prediction.model == "tiny"
    assert prediction.latency.capture_ms == 3.0
    assert prediction.latency.preprocess_ms > 0
    assert prediction.latency.infer_ms > 0
    assert stream.push(shot, 7.5).frame_index == 42


def test_drops_before_the_first_frame_are_not_counted():
    stream, shot = recognizer().stream(declared_fps=30.0), pictures(1)[0]
    assert stream.push(frame(shot, 7.0, index=5, dropped=5)).dropped == 0
    other = recognizer().stream(declared_fps=30.0)
    other.restore(stream.save())
    for going_on in (stream, other):
        assert going_on.push(frame(shot, 7.1, index=9, dropped=3)).dropped == 3


def test_drops_add_up_over_frames_without_a_prediction():
    stream = recognizer().stream(predict="grid", declared_fps=30.0)
    dropped = [
        prediction.dropped
        for index, time_s in enumerate(steady(30.0, 31))
        if (prediction := stream.push(frame(pictures(1)[0], time_s, dropped=index % 2)))
    ]
    assert dropped[-1] == 15


def test_a_stream_is_warming_up_until_its_state_has_seen_the_receptive_field():
    stream = recognizer().stream(declared_fps=30.0)
    predictions = push_all(stream, steady(30.0, 80))
    assert [p.warm_up for p in predictions] == [
        index // 6 + 1 < WARM_UP_FRAMES for index in range(80)
    ]


def test_lanes_are_those_in_use_and_those_that_the_camera_calls_for():
    stream = recognizer().stream(declared_fps=30.0)
    shot = pictures(1)[0]
    for time_s in steady(30.0, 60):
        prediction = stream.push(frame(shot, time_s))
    assert (prediction.lanes, prediction.lanes_wanted) == (6, 6)
    for index in range(60):
        prediction = stream.push(frame(shot, time_s + 0.1 * (index + 1), dropped=2))
    assert (prediction.lanes, prediction.lanes_wanted) == (2, 6)
    on_grid = recognizer().stream(predict="grid").push(shot, 0.0)
    assert (on_grid.lanes, on_grid.lanes_wanted) == (1, 1)


def test_a_short_gap_is_told_and_the_state_goes_on():
    stream = recognizer().stream(predict="grid", declared_fps=30.0)
    push_all(stream, steady(30.0, 61))
    prediction = stream.push(pictures(1)[0], 1002.0 + 0.6)
    assert prediction.gap_s == pytest.approx(0.6)
    assert (prediction.repeated, prediction.resets) == (1, 0)
    assert prediction.state_age == 14


@pytest.mark.parametrize("jump_s", [30.0, -30.0])
def test_a_long_gap_and_a_clock_set_back_begin_again_with_smoothing(jump_s):
    stream = recognizer().stream(declared_fps=30.0, smoother=Exponential(5.0))
    push_all(stream, steady(30.0, 60))
    shot = pictures(1, seed=9)[0]
    again = stream.push(shot, 1002.0 + jump_s)
    first = recognizer().stream().push(shot, 0.0)
    np.testing.assert_array_equal(again.scores, first.scores)
    assert (again.state_age, again.resets, again.warm_up) == (1, 1, True)
    assert again.gap_s == pytest.approx(max(jump_s, 0.0), abs=0.1)


@pytest.mark.parametrize("predict", ["frame", "grid"])
def test_a_cut_begins_again_however_soon_it_comes(predict):
    stream = recognizer().stream(predict=predict, declared_fps=30.0, smoother=Exponential(5.0))
    push_all(stream, steady(30.0, 60))
    shot = pictures(1, seed=9)[0]
    again = stream.push(frame(shot, 1002.0, cut=True))
    first = recognizer().stream().push(shot, 0.0)
    np.testing.assert_array_equal(again.scores, first.scores)
    assert (again.state_age, again.resets, again.gap_s, again.warm_up) == (1, 1, 0.0, True)


def test_resets_are_counted_by_reason():
    stream = recognizer().stream(declared_fps=30.0)
    push_all(stream, steady(30.0, 30))
    shot = pictures(1)[0]
    stream.push(shot, 1010.0)
    stream.push(shot, 1005.0)
    stream.push(frame(shot, 1005.1, cut=True))
    stream.reset(Reset.MODEL)
    assert stream.push(shot, 1005.2).resets == 4
    assert stream.resets == {"gap": 1, "clock": 1, "cut": 1, "model": 1}


def test_a_restored_stream_knows_why_the_saved_one_was_reset():
    used, restored = recognizer().stream(), recognizer().stream()
    used.push(pictures(1)[0], 1000.0)
    used.push(pictures(1)[0], 1010.0)
    restored.restore(used.save())
    assert restored.resets == {"gap": 1}


def test_a_prediction_that_ends_what_came_before_a_reset_is_not_counted_as_after_it():
    stream = clip_recognizer(hop=4).stream()
    push_all(stream, steady(5.0, 6))
    assert stream.push(frame(pictures(1)[0], 1001.2, cut=True)).resets == 0
    assert stream.finish().resets == 1


def test_a_first_frame_that_is_a_cut_is_no_reset():
    stream, shot = recognizer().stream(), pictures(1)[0]
    assert stream.push(frame(shot, 7.0, cut=True)).resets == 0
    stream.reset()
    assert stream.push(frame(shot, 8.0, cut=True)).resets == 0


def test_a_cut_ends_what_came_before_with_the_prediction_that_was_due():
    stream, whole = clip_recognizer(hop=4).stream(), clip_recognizer(hop=4).stream()
    push_all(stream, steady(5.0, 6))
    push_all(whole, steady(5.0, 6))
    ended = stream.push(frame(pictures(1)[0], 1001.2, cut=True, index=6))
    np.testing.assert_array_equal(ended.scores, whole.finish().scores)
    assert (ended.frame_index, ended.state_age) == (5, 6)


TICK_S, ODD_FPS = 1 / 32, 5.03  # no frame is just between two grid points


def held(stream, before, still, after, shots, pause_s):
    """Push, hold, and push on; return what the stream says after the pause."""
    times, said = np.cumsum([0, *before]) * TICK_S, []
    for shot, time_s in zip(shots, times, strict=False):
        stream.push(shot, float(time_s))
    for time_s in times[-1] + np.cumsum(still) * TICK_S:
        assert stream.hold(frame(shots[-1], float(time_s))) is None
    for shot, time_s in zip(shots[::-1], np.cumsum(after) * TICK_S, strict=False):
        said.append(stream.push(frame(shot, float(times[-1] + pause_s + time_s))))
    return said


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(1, 30), min_size=1, max_size=12),
    st.lists(st.integers(1, 30), max_size=12),
    st.lists(st.integers(1, 30), min_size=1, max_size=12),
    st.sampled_from(["frame", "grid", "windows"]),
)
def test_holding_changes_nothing_but_time_and_smoothing(before, still, after, kind):
    def begin():
        if kind == "windows":
            clip = OnnxClip(exported(trained("base", fps=ODD_FPS)))
            windows = Recognizer("tiny", [WindowRuntime(clip, hop=4)])
            return windows.stream(smoother=NoSmoothing())
        return recognizer(fps=ODD_FPS).stream(predict=kind, smoother=NoSmoothing())

    pause_s, shots = sum(still) * TICK_S, pictures(13)
    paused = held(begin(), before, still, after, shots, pause_s)
    calm = held(begin(), before, [], after, shots, 0.0)
    said = [prediction for prediction in paused if prediction]
    for one, other in zip(said, [prediction for prediction in calm if prediction], strict=True):
        np.testing.assert_array_equal(one.raw, other.raw)
        assert (one.state_age, one.resets, one.repeated) == (
            other.state_age,
            other.resets,
            other.repeated,
        )
        assert one.gap_s == pytest.approx(other.gap_s)
    assert [prediction.still_s for prediction in said] == [pause_s, *[0.0] * len(said)][: len(said)]


def test_dropped_frames_are_counted_while_a_scene_is_still():
    stream, shot = recognizer().stream(), pictures(1)[0]
    stream.push(frame(shot, 0.0))
    stream.hold(frame(shot, 0.5, dropped=3))
    assert stream.push(frame(shot, 1.0, dropped=2)).dropped == 5


@pytest.mark.parametrize("values", [{"time_s": 9.0}, {"time_s": 0.03, "cut": True}])
def test_a_frame_that_continues_nothing_is_pushed_even_where_it_is_held(values):
    stream, pushed = recognizer().stream(), recognizer().stream()
    shot, other = pictures(2)
    for each in (stream, pushed):
        each.push(frame(shot, 0.0))
    one, expected = stream.hold(frame(other, **values)), pushed.push(frame(other, **values))
    np.testing.assert_array_equal(one.scores, expected.scores)
    assert (one.resets, one.state_age, one.still_s) == (1, 1, 0.0)


def test_the_first_frame_is_pushed_even_where_it_is_held():
    assert recognizer().stream().hold(frame(pictures(1)[0], 0.0)).state_age == 1


@pytest.mark.parametrize("kind", ["frame", "grid", "windows"])
def test_a_model_that_is_not_asked_has_seen_as_much(kind):
    def begin():
        if kind == "windows":
            return clip_recognizer(hop=4).stream(smoother=NoSmoothing())
        return recognizer().stream(predict=kind, declared_fps=10.0, smoother=NoSmoothing())

    asked, silent, times = begin(), begin(), steady(10.0, 40)
    answers = 0
    for index, (shot, time_s) in enumerate(zip(pictures(40), times, strict=True)):
        one, other = asked.push(shot, time_s), silent.push(shot, time_s, ask=index % 5 == 2)
        assert index % 5 == 2 or other is None
        if other is not None:
            answers += 1
            np.testing.assert_array_equal(one.raw, other.raw)
            assert one.state_age == other.state_age
    assert answers >= 1
    assert silent.late == 0


def test_a_reset_without_being_asked_says_nothing():
    stream = clip_recognizer(hop=4).stream()
    push_all(stream, steady(5.0, 6))
    assert stream.push(pictures(1)[0], 1099.0, ask=False) is None
    assert stream.finish().resets == 1


def test_gaps_of_frames_on_which_nobody_asks_are_told_later():
    stream, shot = recognizer().stream(declared_fps=30.0), pictures(1)[0]
    push_all(stream, steady(30.0, 30))
    assert stream.push(shot, 1001.5, ask=False) is None
    assert stream.push(shot, 1001.5 + 1 / 30).gap_s == pytest.approx(0.5 + 1 / 30)


def test_after_a_reset_a_stream_is_as_new():
    used, new = recognizer().stream(declared_fps=30.0), recognizer().stream(declared_fps=30.0)
    push_all(used, steady(30.0, 50))
    used.reset()
    for shot, time_s in zip(pictures(20, 3), steady(30.0, 20), strict=True):
        one, other = used.push(shot, time_s), new.push(shot, time_s)
        np.testing.assert_array_equal(one.scores, other.scores)
        assert one.state_age == other.state_age


def test_scores_are_smoothed_over_the_raw_ones_of_all_lanes():
    stream = recognizer().stream(declared_fps=30.0, smoother=Exponential(0.5))
    predictions = push_all(stream, steady(30.0, 30))
    smoothed = predictions[0].raw.astype(np.float64)
    for prediction in predictions[1:]:
        smoothed += (1 - np.exp(-1 / 30 / 0.5)) * (prediction.raw - smoothed)
        np.testing.assert_allclose(prediction.scores, smoothed, atol=1e-6)


def test_the_best_classes_come_first():
    prediction = recognizer().stream().push(pictures(1)[0], 0.0)
    top = prediction.top(3)
    assert [s.id for s in top] == np.argsort(-prediction.scores, kind="stable")[:3].tolist()
    assert [s.label for s in top] == [f"class {s.id}" for s in top]
    assert top[0].score == prediction.scores.max()
    assert len(prediction.top(99)) == 10
    assert prediction.top(0) == prediction.top(-1) == ()


def test_classes_with_the_same_score_come_in_their_own_order():
    prediction = recognizer().stream().push(pictures(1)[0], 0.0)
    tied = replace(prediction, scores=np.array([0.1, 0.4, 0.1, 0.4], np.float32))
    assert [score.id for score in tied.top(4)] == [1, 3, 0, 2]


def test_an_ensemble_is_the_mean_of_what_its_members_said_last():
    slow, fast = runtime(), runtime(fps=8.0, size=40, positional=True)
    times = steady(30.0, 150)
    both = Recognizer("both", [slow, fast])
    predictions = push_all(both.stream(predict="grid", declared_fps=30.0), times)
    alone = [
        push_all(Recognizer("one", [one]).stream(predict="grid", declared_fps=30.0), times)
        for one in (slow, fast)
    ]
    latest, steps = [None, None], 0
    for index, prediction in enumerate(predictions):
        latest = [said[index] or before for said, before in zip(alone, latest, strict=True)]
        if prediction is not None:
            expected = np.mean([said.raw for said in latest], axis=0)
            np.testing.assert_allclose(prediction.raw, expected, atol=1e-6)
            assert prediction.state_age == min(said.state_age for said in latest)
            assert prediction.warm_up == any(said.warm_up for said in latest)
            steps += 1
    assert max(len([p for p in said if p]) for said in alone) < steps < 150
    assert predictions[0].lanes == 2


def test_over_a_gap_the_steps_of_an_ensemble_are_smoothed_in_the_order_of_time():
    seen_s = []

    class Recording(NoSmoothing):
        def step(self, scores, time_s, state):
            seen_s.append(time_s)
            return super().step(scores, time_s, state)

    both = Recognizer("both", [runtime(), runtime(fps=8.0)])
    stream = both.stream(predict="grid", declared_fps=30.0, smoother=Recording())
    push_all(stream, steady(30.0, 31))
    seen_s.clear()
    stream.push(pictures(1)[0], 1001.9)
    assert len(seen_s) == 4 + 7
    assert sorted(seen_s) == seen_s


def test_members_of_an_ensemble_name_the_same_classes():
    model = trained()
    renamed = replace(spec(model), labels=tuple("abcdefghij"))
    with pytest.raises(LabelsError, match="same labels"):
        Recognizer("both", [runtime(), TorchRuntime(model, renamed, device="cpu")])
    with pytest.raises(LabelsError):
        Recognizer("none", [])


def test_torch_and_onnx_say_the_same():
    model, times = trained(), steady(30.0, 60)
    runtimes = (OnnxRuntime(exported(model)), TorchRuntime(model, spec(model), device="cpu"))
    one, other = (Recognizer("tiny", [each]).stream(declared_fps=30.0) for each in runtimes)
    for a, b in zip(push_all(one, times), push_all(other, times), strict=True):
        np.testing.assert_allclose(a.scores, b.scores, atol=1e-5)


@pytest.mark.parametrize("option", [{"predict": "foo"}, {"color": "bgra"}])
def test_an_unknown_choice_is_refused(option):
    with pytest.raises(OptionError, match="is one of"):
        recognizer().stream(**option)
