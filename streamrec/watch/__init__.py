"""What ``streamrec watch`` shows: a live table of all sources, or one JSON line per message."""

import errno
import os
import sys
import time
from collections.abc import Collection
from pathlib import Path

from streamrec.client import Message, Subscriber
from streamrec.errors import OptionError, OutputError, SinkError
from streamrec.types import DEFAULT_ENDPOINT
from streamrec.watch.lines import ChangeView, LineView
from streamrec.watch.silence import Silence
from streamrec.watch.table import REFRESH_S, TableView
from streamrec.wire import KINDS

HEARTBEAT = "heartbeat"


def watch(
    endpoint: str = DEFAULT_ENDPOINT,
    source: str | None = None,
    json: bool = False,
    count: int | None = None,
    timeout_s: float | None = None,
    kind: str | None = None,
    *,
    server_key: Path | None = None,
    key: Path | None = None,
) -> int:
    """Show what a publisher says until ``count`` messages were shown, silence, or Ctrl-C.

    A message that changes nothing for the reader is not shown, and not counted: as a line for
    people, the update of an event that is known, or a prediction of the class that leads already.
    What is waited for, and what could be wrong, is said on standard error if nothing is shown for
    the first seconds.

    Args:
        endpoint: where the publisher is bound; it may start later.
        source: show this source only.
        json: print one JSON object per line instead of the table.
        count: stop after so many messages that were shown.
        timeout_s: stop after so many seconds in which none was shown, whatever else came.
        kind: show messages of this kind, one of ``KINDS``, or ``all``; None: all, and predictions
            only where ``json`` is set. Heartbeats are shown alone, or as JSON.
        server_key: file of the publisher's public key, where it has one.
        key: file of our own secret key, where the publisher wants to know it.

    Returns:
        The exit code 0, also when the reader of standard output has gone.

    Raises:
        EndpointError: the endpoint is malformed.
        KeysError: keys that are missing, malformed or open to others.
        OptionError: a count below 1, a time-out that is not positive, or a kind that is unknown.
        SinkError: silence before ``count`` messages were shown, or before any was.
        OutputError: standard output cannot be written.
    """
    if count is not None and count < 1:
        raise OptionError(f"a count is 1 or more, got {count}")
    if timeout_s is not None and not timeout_s > 0:
        raise OptionError(f"a time-out is more than 0 seconds, got {timeout_s:g}")
    kinds = _kinds(kind, json)
    with Subscriber(
        endpoint, source, kinds={*kinds, HEARTBEAT}, server_key=server_key, key=key
    ) as subscriber:
        silence = Silence(endpoint, subscriber, source, kinds)
        view = _view(endpoint, subscriber, kinds, json)
        try:
            shown = _show(view, subscriber, silence, count, timeout_s)
        except KeyboardInterrupt:
            return 0
        except OSError as error:
            _end_output(error)
            return 0
        if shown < (count or 1):
            raise SinkError(f"{shown} messages shown, then none for {timeout_s} s: {silence.why()}")
    return 0


def _kinds(kind: str | None, json: bool) -> tuple[str, ...]:
    """Return what is shown.

    Raises:
        OptionError: there is no such kind.
    """
    kind = kind or ("prediction" if json else "all")
    if kind == "all":
        return KINDS if json else tuple(name for name in KINDS if name != HEARTBEAT)
    if kind not in KINDS:
        raise OptionError(f"a kind is one of {', '.join(KINDS)} or all; got {kind!r}")
    return (kind,)


def _view(
    endpoint: str, subscriber: Subscriber[Message], kinds: Collection[str], json: bool
) -> LineView | ChangeView | TableView:
    """Choose what fits the output: JSON, a table on a terminal, or lines for a file or pipe."""
    if json:
        return LineView(kinds)
    if sys.stdout.isatty() and set(kinds) != {HEARTBEAT}:
        return TableView(endpoint, subscriber)
    return ChangeView(heartbeats=HEARTBEAT in kinds)


def _show(
    view: LineView | ChangeView | TableView,
    subscriber: Subscriber[Message],
    silence: Silence,
    count: int | None,
    timeout_s: float | None,
) -> int:
    """Return how many messages were shown: ``count``, or fewer where it was silent."""
    shown, shown_s = 0, time.monotonic()
    with view.live():
        while timeout_s is None or time.monotonic() - shown_s < timeout_s:
            if view.show(subscriber.receive(REFRESH_S)):
                shown += 1
                shown_s = time.monotonic()  # showing it may have taken long: a pipe that is full
            if shown == count:
                break
            if shown == 0:
                silence.look(time.monotonic())
    return shown


def _end_output(error: OSError) -> None:
    """Write no more; accept that the reader of a pipe has gone (EINVAL on Windows)."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if error.errno not in (errno.EPIPE, errno.EINVAL):
        raise OutputError(f"cannot write to standard output: {error.strerror}") from None
