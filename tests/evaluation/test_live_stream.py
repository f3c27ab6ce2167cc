"""A stream before a camera goes on from what it remembers as if it had never stopped."""

from itertools import islice

import numpy as np
import pytest
from tiny_models import clip_recognizer, recognizer

from streamrec.config import EventSettings, RuleOptions, StreamOptions
from streamrec.evaluation.live_episode import memories, play_episode
from streamrec.evaluation.live_footage import Footage, Shot
from streamrec.evaluation.live_stream import LiveStream
from streamrec.events import EventDetector
from streamrec.recognizer import Recognizer

RULE = RuleOptions(on_score=0.12, off_score=0.11, min_gap=0.2)  # of ten classes that say little
MODELS = {"stream": recognizer, "windows": clip_recognizer}


@pytest.fixture(params=MODELS)
def model(request) -> Recognizer:
    return MODELS[request.param]()


def live(model: Recognizer, **options: str) -> LiveStream:
    detector = EventDetector(model.labels, EventSettings(rule=RULE), model.spec.hop_s)
    return LiveStream(model, detector, StreamOptions(**{"predict": "grid"} | options))


def footage(seconds: float, seed: int, fps: float = 12.0) -> Footage:
    """Patches that come and go."""
    random = np.random.default_rng(seed)
    scenes = random.integers(0, 256, (round(seconds) + 1, 32, 32, 3), dtype=np.uint8)
    count = round(seconds * fps)
    shots = tuple(Shot(i / fps, scenes[int(i / fps)]) for i in range(count))
    return Footage(shots, count / fps)


def told(stream: LiveStream, *pieces: Footage) -> list:
    answers = [answer for piece in pieces for answer in stream.play(piece)]
    stream.end()
    return [answers, stream.spans]


@pytest.mark.parametrize("predict", ["grid", "frame"])
def test_restoring_gives_what_playing_on_gives(model, predict):
    first, second = footage(7.0, 1), footage(6.0, 2)
    whole = live(model, predict=predict)
    before, after = whole.play(first), whole.play(second)
    whole.end()
    stopped = live(model, predict=predict)
    assert stopped.play(first) == before
    memory, early = stopped.save(stopped.time_s), list(stopped.spans)
    for _ in range(2):  # twice from the same memory, whatever was played in between
        stopped.restore(memory)
        assert stopped.play(second) == after
        stopped.end()
        assert [*early, *stopped.spans] == whole.spans
    assert after
    assert whole.spans


def test_no_background_is_a_fresh_stream(model):
    shots = iter(footage(9.0, 3).shots)
    stream = live(model)
    fresh, old = next(memories([stream], shots, [0.0])), stream
    old.play(footage(8.0, 4))
    old.restore(fresh[0])
    assert told(old, footage(8.0, 5)) == told(live(model), footage(8.0, 5))


def test_all_streams_see_the_same_background_once(model):
    shown: list[float] = []

    def background():
        for shot in footage(20.0, 6).shots:
            shown.append(shot.time_s)
            yield shot

    streams = [live(model), live(model)]
    early, late = memories(streams, background(), [8.0, 2.0])
    assert len(shown) == 8 * 12 + 1
    assert [memory.time_s for memory in (*early, *late)] == [2.0, 2.0, 8.0, 8.0]
    assert early[0].stream == early[1].stream
    alone = live(model)
    for shot in islice(footage(20.0, 6).shots, 2 * 12):
        alone.show(shot)
    assert alone.save(2.0) == early[0]


def test_an_episode_has_the_events_that_began_in_it():
    model = recognizer()
    stream = live(model)
    stream.play(footage(9.0, 1))
    begin_s = stream.time_s
    pieces = footage(2.0, 2), footage(3.0, 3), footage(4.0, 4)
    episode = play_episode(stream, pieces, {3: "class 3"})
    assert episode.onset_s == pytest.approx(begin_s + 2.0, abs=0.01)
    assert episode.end_s == pytest.approx(episode.onset_s + 3.0)
    assert len(episode.during) == pytest.approx(3 * 5, abs=1)
    assert len(episode.answers) == len(episode.during) + len(episode.around)
    assert all(event.start_s >= begin_s for event in episode.events)
    assert len(episode.events) < len(stream.spans)
