"""The picture of events over time: a lane for each camera, a colour for each label."""

import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING

from streamrec.cli.moments import show_moment
from streamrec.plot import DPI, require_plot, save_figure
from streamrec.types import ActionEvent, CameraState
from streamrec.wire import StatusMessage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# The first seven are told apart by people who cannot tell all colours apart (Okabe and Ito 2008).
_COLORS = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#F0E442",
    "#7A5195",
    "#8C564B",
    "#5B8C00",
)
_OTHER, _AWAY = "#888888", "#bbbbbb"
_PRESENT = (CameraState.LIVE, CameraState.STALLED)

_WIDTH, _LANE, _FRAME, _TALLEST = 13.0, 0.45, 1.6, 60.0  # inches
_BAR = 0.76
_MOST_TRACKS = 6
_LEAST_WIDTH = 1 / 300
"""Of a bar, in widths of the axes, about 3 pixels: the colour of short events is still seen."""

_MARGIN, _LEAST_MARGIN_S = 0.04, 1.0

_MOST_LETTERS = 32
_DAY_S = 86400.0

Span = tuple[float, float]
"""Begin and end, Unix time in seconds."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """What is drawn.

    Attributes:
        events: in any order.
        statuses: of the cameras, oldest first; they tell when a camera was away.
        begin_s, end_s: of the picture, Unix time in seconds.
    """

    events: Sequence[ActionEvent]
    statuses: Sequence[StatusMessage]
    begin_s: float
    end_s: float

    @property
    def sources(self) -> list[str]:
        """Names of the cameras in order."""
        return sorted({e.source for e in self.events} | {s.source for s in self.statuses})

    def away(self, source: str) -> list[Span]:
        """Return when a camera sent nothing: it was lost, or not watched."""
        spans: list[Span] = []
        since_s: float | None = None
        for status in self.statuses:
            if status.source != source:
                continue
            if status.state in _PRESENT and since_s is not None:
                spans.append((since_s, status.since_s))
                since_s = None
            elif status.state not in _PRESENT and since_s is None:
                since_s = status.since_s
        return [*spans, (since_s, self.end_s)] if since_s is not None else spans


def fitted_span(
    events: Sequence[ActionEvent], since_s: float | None, until_s: float | None, now_s: float
) -> Span:
    """Return the time to draw: that of the events and a little more, within what was asked for.

    It is just what was asked for where that has two ends, or where there are no events.

    Args:
        events: in any order.
        since_s: the beginning that was asked for, Unix time in seconds; None: any.
        until_s: the end that was asked for; None: any.
        now_s: so long events go on that have not ended.
    """
    last_s = now_s if until_s is None else until_s
    if since_s is not None and (until_s is not None or not events):
        return since_s, max(last_s, since_s + _LEAST_MARGIN_S)
    begin_s = min((event.started_s for event in events), default=last_s)
    end_s = max((_end_s(event, last_s) for event in events), default=last_s)
    margin_s = max((end_s - begin_s) * _MARGIN, _LEAST_MARGIN_S)
    begin_s = max(begin_s - margin_s, since_s or 0.0)
    if until_s is None:
        last_s = max(now_s, end_s)  # which a clock of another machine may have set later
    return begin_s, max(min(end_s + margin_s, last_s), begin_s + _LEAST_MARGIN_S)


def _end_s(event: ActionEvent, open_s: float) -> float:
    return open_s if event.ended_s is None else event.ended_s


def save_timeline(timeline: Timeline, path: Path) -> None:
    """Draw a timeline and write a picture; the suffix tells its format.

    Raises:
        RuntimeMissingError, OutputError: as ``require_plot``; or the file cannot be written.
    """
    require_plot(path)
    from matplotlib.figure import Figure

    sources, colors = timeline.sources, _colors(timeline.events)
    height = min(_FRAME + _LANE * max(len(sources), 1), _TALLEST)
    height = max(height, _FRAME + 0.2 * len(colors))
    figure = Figure(figsize=(_WIDTH, height), dpi=DPI, layout="constrained")
    axes = figure.subplots()
    axes.set_xlim(_days(timeline.begin_s), _days(timeline.end_s))
    for lane, source in enumerate(sources):
        _draw_away(axes, lane, timeline.away(source))
        own = [event for event in timeline.events if event.source == source]
        _draw_lane(axes, lane, own, colors, timeline.end_s)
    _draw_frame(axes, timeline, sources)
    _draw_legend(axes, timeline, colors)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # the picture shows which
        save_figure(figure, path)


def _colors(events: Iterable[ActionEvent]) -> dict[str, str]:
    """Give the labels with the most events colours of their own."""
    labels = [label for label, _ in Counter(event.label for event in events).most_common()]
    return dict(zip(labels, _COLORS, strict=False))


def _days(time_s: float) -> float:
    """Turn Unix time into matplotlib's days, UTC: in it no hour comes twice."""
    return time_s / _DAY_S


def _draw_away(axes: "Axes", lane: int, spans: Iterable[Span]) -> None:
    bars = [(_days(begin_s), _days(end_s) - _days(begin_s)) for begin_s, end_s in spans]
    axes.broken_barh(
        bars,
        (lane - 0.5, 1.0),
        facecolor="#f4f4f4",
        edgecolor=_AWAY,
        hatch="////",
        linewidth=0,
        zorder=1,
    )


def _draw_lane(
    axes: "Axes",
    lane: int,
    events: Sequence[ActionEvent],
    colors: Mapping[str, str],
    end_s: float,
) -> None:
    """Draw the events of one camera; those that overlap lie below each other."""
    tracks = _tracks(events, end_s)
    thickness = _BAR / max(len(tracks), 1)
    for number, track in enumerate(tracks):
        low = lane - _BAR / 2 + number * thickness, thickness
        for label in dict.fromkeys(event.label for event in track):
            color = colors.get(label, _OTHER)
            own = [event for event in track if event.label == label]
            axes.broken_barh(_bars(axes, own), low, facecolor=color, linewidth=0, zorder=3)
            _draw_ongoing(axes, own, low, color)


def _tracks(events: Sequence[ActionEvent], end_s: float) -> list[list[ActionEvent]]:
    """Put events that overlap on tracks of their own, as many as there is room for."""
    tracks: list[list[ActionEvent]] = []
    free_s: list[float] = []
    for event in sorted(events, key=lambda each: each.started_s):
        fits = [number for number, time_s in enumerate(free_s) if time_s <= event.started_s]
        if not fits and len(tracks) < _MOST_TRACKS:
            tracks.append([])
            free_s.append(0.0)
            fits = [len(tracks) - 1]
        number = fits[0] if fits else _MOST_TRACKS - 1
        tracks[number].append(event)
        free_s[number] = _end_s(event, end_s)
    return tracks


def _bars(axes: "Axes", events: Iterable[ActionEvent]) -> list[Span]:
    left, right = axes.get_xlim()
    least = (right - left) * _LEAST_WIDTH
    bars = []
    for event in events:
        begin = _days(event.started_s)
        end = _days(_end_s(event, event.captured_s))
        bars.append((begin, max(end - begin, least)))
    return bars


def _draw_ongoing(axes: "Axes", events: Iterable[ActionEvent], low: Span, color: str) -> None:
    """Let events that have not ended go on, paler, to an arrow at the right."""
    _, right = axes.get_xlim()
    for event in events:
        if event.ended_s is not None:
            continue
        seen = _days(event.captured_s)
        axes.broken_barh([(seen, right - seen)], low, facecolor=color, alpha=0.4, zorder=2)
        middle = low[0] + low[1] / 2
        axes.plot(right, middle, marker=">", color=color, markersize=7, clip_on=False, zorder=4)


def _draw_frame(axes: "Axes", timeline: Timeline, sources: Sequence[str]) -> None:
    from dateutil.tz import tzlocal  # type: ignore[import-untyped]
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(tz=tzlocal())  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    formatter = ConciseDateFormatter(locator, tz=tzlocal())  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(formatter)
    names = [shorten(name, _MOST_LETTERS, placeholder="...") for name in sources]
    axes.set_yticks(range(len(names)), names, parse_math=False)
    axes.set_ylim(max(len(names), 1) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "left", "right"]].set_visible(False)
    axes.grid(axis="x", alpha=0.3)
    for lane in range(1, len(names)):
        axes.axhline(lane - 0.5, color="#dddddd", linewidth=0.6, zorder=0)
    count = len(timeline.events)
    span = " to ".join(map(show_moment, (timeline.begin_s, timeline.end_s)))
    axes.set_title(f"{count} event{'s' * (count != 1)}, {span}", loc="left", fontsize=11)


def _draw_legend(axes: "Axes", timeline: Timeline, colors: Mapping[str, str]) -> None:
    from matplotlib.patches import Patch

    counts = Counter(event.label for event in timeline.events)
    entries = [
        Patch(color=color, label=f"{_short(label)} ({counts[label]})")
        for label, color in colors.items()
    ]
    if others := [label for label in counts if label not in colors]:
        rest = sum(counts[label] for label in others)
        words = f"{len(others)} other label{'s' * (len(others) != 1)} ({rest})"
        entries.append(Patch(color=_OTHER, label=words))
    if any(timeline.away(source) for source in timeline.sources):
        entries.append(
            Patch(facecolor="#f4f4f4", edgecolor=_AWAY, hatch="////", label="camera away")
        )
    legend = axes.legend(
        handles=entries,
        loc="upper left",
        bbox_to_anchor=(1.01, 1.0),
        borderaxespad=0.0,
        frameon=False,
        fontsize=9,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)  # a dollar sign in a name begins no formula


def _short(label: str) -> str:
    return shorten(label, _MOST_LETTERS, placeholder="...")
