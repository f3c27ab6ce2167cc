"""The connection to a live source: how it stands, and when to try again.

Knows nothing of processes, pictures or the clock: what happened and the time in, the next value
out. Between events only time counts::

    connecting  -> lost          no frame within the open and the read time-out together
    live        -> stalled       no frame for a quarter of the read time-out
    stalled     -> lost          no frame for the read time-out
    lost        -> backing-off   at once
    backing-off -> connecting    after a wait that doubles with each failure in a row

A frame makes connecting and stalled links live. A failure makes those with a connection lost.
Disabled ones stay so until they are enabled.
"""

import math
from dataclasses import dataclass, field, replace
from typing import Protocol, Self

from streamrec.types import CameraState

FIRST_WAIT_S = 1.0
"""The wait after the first failure; each further one in a row doubles it."""

JITTER = 0.5
"""The share of a wait that is left to chance: cameras of one failed switch spread their retries.

At one half the longest wait after a failure is the shortest after the next one.
"""

STALLED_SHARE = 0.25
"""The share of the read time-out after which a link without frames is called stalled."""

STEADY_S = 30.0
"""A link that was live for so long has recovered; before that its failures still count."""

_MOST_DOUBLINGS = 30  # a third of a century; more would only overflow
_AFTER = {
    CameraState.CONNECTING: CameraState.LOST,
    CameraState.LIVE: CameraState.STALLED,
    CameraState.STALLED: CameraState.LOST,
    CameraState.LOST: CameraState.BACKING_OFF,
    CameraState.BACKING_OFF: CameraState.CONNECTING,
}
_CONNECTED = (CameraState.CONNECTING, CameraState.LIVE, CameraState.STALLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPolicy:
    """How patient a link is: longest wait for a connection, a frame, a new attempt, seconds."""

    open_timeout_s: float = 10.0
    read_timeout_s: float = 10.0
    retry_most_s: float = 60.0

    def wait_s(self, attempt: int, chance: float) -> float:
        """Return how long to wait after so many failures in a row, at least 1.

        Args:
            attempt: failures in a row.
            chance: anything in [0, 1).
        """
        doubled_s = math.ldexp(FIRST_WAIT_S, min(attempt - 1, _MOST_DOUBLINGS))
        return min(doubled_s, self.retry_most_s) * (1.0 - JITTER * chance)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One link. Two are equal if there is nothing new to tell.

    Times are seconds on one clock of any origin, which may be set back.

    Attributes:
        policy: how patient it is.
        state: how it stands; ``since_s``: since when.
        reason: why, without credentials; of the last failure until a frame comes.
        attempt: failures in a row.
        retry_s: when the next attempt is due while it is backing off, else None.
        frame_s: when the last frame came, or the connection was begun.
    """

    policy: LinkPolicy
    state: CameraState
    since_s: float
    reason: str = ""
    attempt: int = 0
    retry_s: float | None = None
    frame_s: float = field(compare=False)

    @classmethod
    def start(cls, policy: LinkPolicy, now_s: float) -> Self:
        """Return a link whose first connection is begun now."""
        return cls(policy=policy, state=CameraState.CONNECTING, since_s=now_s, frame_s=now_s)

    @property
    def due_s(self) -> float:
        """When `tick` has something to do, if nothing happens before; infinite if disabled."""
        policy = self.policy
        match self.state:
            case CameraState.CONNECTING:
                return self.since_s + policy.open_timeout_s + policy.read_timeout_s
            case CameraState.LIVE:
                return self.frame_s + STALLED_SHARE * policy.read_timeout_s
            case CameraState.STALLED:
                return self.frame_s + policy.read_timeout_s
            case CameraState.LOST:
                return self.since_s
            case CameraState.BACKING_OFF:
                return self.since_s if self.retry_s is None else self.retry_s
            case CameraState.DISABLED:
                return math.inf

    def tick(self, now_s: float, chance: float) -> Self:
        """Let time pass: at most one step of the table; ``chance`` in [0, 1) spreads retries."""
        if now_s < max(self.since_s, self.frame_s):
            return self._set_back(now_s)
        if now_s < self.due_s:
            return self
        match state := _AFTER[self.state]:
            case CameraState.LOST:
                return self.failed(now_s, self._overdue())
            case CameraState.BACKING_OFF:
                retry_s = now_s + self.policy.wait_s(self.attempt, chance)
                return replace(self, state=state, since_s=now_s, retry_s=retry_s)
            case CameraState.STALLED:
                return replace(self, state=state, since_s=now_s, reason=self._overdue())
            case _:
                return self._connecting(now_s)

    def frame(self, now_s: float) -> Self:
        """A frame came, shown or withheld; one of a connection that was given up changes nothing.

        Frames that are too old do not count: a link that brings no others is as good as lost.
        """
        if self.state not in _CONNECTED:
            return self
        if self.state is not CameraState.LIVE:
            return replace(self, state=CameraState.LIVE, since_s=now_s, reason="", frame_s=now_s)
        steady = now_s - self.since_s >= STEADY_S
        return replace(self, frame_s=now_s, attempt=0 if steady else self.attempt)

    def failed(self, now_s: float, reason: str) -> Self:
        """The connection failed, could not be made, or ended."""
        if self.state not in _CONNECTED:
            return self
        attempt = self.attempt + 1
        return replace(self, state=CameraState.LOST, since_s=now_s, reason=reason, attempt=attempt)

    def disable(self, now_s: float, reason: str) -> Self:
        """Stop trying, whatever the state."""
        since_s = self.since_s if self.state is CameraState.DISABLED else now_s
        return replace(
            self,
            state=CameraState.DISABLED,
            since_s=since_s,
            reason=reason,
            attempt=0,
            retry_s=None,
        )

    def enable(self, now_s: float) -> Self:
        """Begin anew, if it was disabled."""
        if self.state is not CameraState.DISABLED:
            return self
        return replace(self._connecting(now_s), reason="")

    def _connecting(self, now_s: float) -> Self:
        return replace(
            self, state=CameraState.CONNECTING, since_s=now_s, retry_s=None, frame_s=now_s
        )

    def _overdue(self) -> str:
        if self.state is CameraState.CONNECTING:
            limit_s = self.policy.open_timeout_s + self.policy.read_timeout_s
            return f"no connection that sends frames within {limit_s:g} s"
        share = STALLED_SHARE if self.state is CameraState.LIVE else 1.0
        return f"no frame for {share * self.policy.read_timeout_s:g} s"

    def _set_back(self, now_s: float) -> Self:
        """Move all times with a clock that was set back, so that no wait becomes longer."""
        by_s = max(self.since_s, self.frame_s) - now_s
        retry_s = None if self.retry_s is None else self.retry_s - by_s
        since_s, frame_s = self.since_s - by_s, self.frame_s - by_s
        return replace(self, since_s=since_s, retry_s=retry_s, frame_s=frame_s)


class Standing(Protocol):
    """How it stands with a camera: a ``Link``, or a ``CameraStatus``."""

    @property
    def state(self) -> CameraState:
        """How it stands."""

    @property
    def reason(self) -> str:
        """Why."""

    @property
    def attempt(self) -> int:
        """Failures in a row."""


def worth_logging(now: Standing, before: Standing) -> bool:
    """Tell whether a change belongs in a log, so that a camera away for months fills no disk.

    Disabling and enabling always do. Of failures the first does, and then the second, fourth,
    eighth and so on, and one for another reason than the one before; so does the return from the
    first, second, fourth. Stalls and attempts are only counted. Of a failure that is told as
    backing off alone, as that of a camera whose model cannot be fetched, the same holds.
    """
    if (now.state, now.reason) == (before.state, before.reason):
        return False
    if CameraState.DISABLED in (now.state, before.state):
        return True
    seldom = now.attempt.bit_count() <= 1
    if now.state is CameraState.LIVE:
        return seldom and before.state is not CameraState.STALLED
    begins = now.state is CameraState.BACKING_OFF and before.state is not CameraState.LOST
    if now.state is not CameraState.LOST and not begins:
        return False
    return seldom or before.reason not in ("", now.reason)
