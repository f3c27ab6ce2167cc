"""One clip in a stream: background, the action, background; what is said, beside the truth."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from streamrec.evaluation.live_footage import Footage, Shot
from streamrec.evaluation.live_stream import Answer, LiveStream, Memory, Span

OFF_GRID_S = 0.0037
"""A clip begins so much later, as no camera keeps step with a model's grid.

Else rounding would often decide which picture is the nearest to a point of the grid, and a stream
of another age would see another clip.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """What was said around one clip.

    Attributes:
        classes: what the clip shows, by their numbers; ``labels``: by their names.
        onset_s, end_s: when the clip begins and ends, seconds of the stream.
        answers: all that was said, in the order of time.
        events: those that began in it.
    """

    classes: frozenset[int]
    labels: tuple[str, ...]
    onset_s: float
    end_s: float
    answers: Sequence[Answer] = field(repr=False)
    events: Sequence[Span] = ()

    @property
    def actions(self) -> list[Span]:
        """What is there to be found."""
        return [Span(label, self.onset_s, self.end_s) for label in self.labels]

    @property
    def during(self) -> list[Answer]:
        """What is said while the action is on."""
        return [a for a in self.answers if self.onset_s <= a.time_s < self.end_s]

    @property
    def around(self) -> list[Answer]:
        """What is said before and after it."""
        return [a for a in self.answers if not self.onset_s <= a.time_s < self.end_s]

    @property
    def following(self) -> list[Answer]:
        """What is said after it."""
        return [a for a in self.answers if a.time_s >= self.end_s]


def play_episode(
    stream: LiveStream, pieces: tuple[Footage, Footage, Footage], classes: Mapping[int, str]
) -> Episode:
    """Play background, a clip that shows ``classes``, and background."""
    before, action, after = pieces
    begin_s = stream.time_s
    answers = stream.play(before)
    onset_s = stream.time_s = stream.time_s + OFF_GRID_S
    answers += stream.play(action)
    end_s = stream.time_s
    answers += stream.play(after)
    stream.end()
    return Episode(
        classes=frozenset(classes),
        labels=tuple(classes.values()),
        onset_s=onset_s,
        end_s=end_s,
        answers=answers,
        events=[event for event in stream.spans if event.start_s >= begin_s],
    )


def memories(
    streams: Sequence[LiveStream], background: Iterable[Shot], ages_s: Sequence[float]
) -> Iterator[list[Memory]]:
    """Show the same background to several streams, once.

    Yields:
        What each stream remembers at each of the ages, in seconds, least first.
    """
    due = sorted(ages_s)
    for shot in background:
        while due and shot.time_s >= due[0]:
            yield [stream.save(due[0]) for stream in streams]
            del due[0]
        if not due:
            return
        for stream in streams:
            stream.show(shot)
