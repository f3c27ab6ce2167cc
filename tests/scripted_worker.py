"""A worker that says what its cameras' sources tell it to; what supervisors are tried with.

Sources: ``live``: predicts; ``bad``: cannot be watched; ``ends``: ends the process; ``crashes``:
by a signal; ``hangs``: says nothing any more; ``mute``: takes no pictures; ``acts``: predicts, and
has one event after the other, each of a start, an update and an end, twenty of these a second;
``acting``: predicts, and has an event that never ends.
"""

import os
import signal
import socket
import time
import uuid
from dataclasses import replace

from streamrec.child import Line
from streamrec.service.messages import (
    Alive,
    Begin,
    Forget,
    Happened,
    Predicted,
    Snapshot,
    TakeSnapshot,
    Told,
    ToWorker,
    Watch,
)
from streamrec.types import (
    NO_ACTION,
    ActionEvent,
    CameraState,
    CameraStatus,
    EventEnd,
    EventPhase,
    now_s,
)
from streamrec.wire import LatencySplit, PredictionMessage, TopScore

PREDICTING = ("live", "acts", "acting")


def serve(connected: socket.socket) -> None:
    """Do as the supervisor says."""
    line = Line(connected, ToWorker)
    cameras, open_events = {}, {}
    while True:
        match line.receive(0.05):
            case Watch(settings):
                watch(line, settings.name, settings.source.source)
                cameras[settings.name] = settings.source.source
                open_events.pop(settings.name, None)
            case Forget(name):
                cameras.pop(name, None)
                open_events.pop(name, None)
            case TakeSnapshot(name, number) if cameras.get(name) != "mute":
                line.send(Snapshot(name, number, f"picture of {name}".encode()))
            case Begin() | TakeSnapshot() | None:
                pass
        line.send(Alive())
        for name, source in cameras.items():
            if source in ("acts", "acting"):
                act(line, name, open_events, ends=source == "acts")
            if source in PREDICTING:
                action = open_events[name].label if name in open_events else NO_ACTION
                line.send(Predicted(prediction(name, action), now_s()))


def watch(line, name: str, source: str) -> None:
    if source == "ends":
        os._exit(3)
    if source == "crashes":
        os.kill(os.getpid(), getattr(signal, "SIGSEGV", signal.SIGTERM))
    if source == "hangs":
        time.sleep(3600)
    state = CameraState.DISABLED if source == "bad" else CameraState.LIVE
    reason = "there is no model 'nonsense'" if source == "bad" else ""
    status = CameraStatus(
        source=name,
        state=state,
        since_s=now_s(),
        reason=reason,
        model=f"worker-{os.getpid()}",
        counts={"connections": 1},
    )
    line.send(Told(status))


def act(line, name: str, open_events: dict[str, ActionEvent], *, ends: bool) -> None:
    """Let a camera's event begin or go on; end it after its update if it ``ends``."""
    event = open_events.get(name)
    if event is None:
        event = open_events[name] = started(name)
    elif not ends or event.phase is EventPhase.START:
        event = open_events[name] = continued(event)
    else:
        event = continued(open_events.pop(name)).ended(EventEnd.SCORE)
    line.send(Happened(event))


def started(name: str) -> ActionEvent:
    captured_s = now_s()
    return ActionEvent(
        id=str(uuid.uuid5(uuid.NAMESPACE_URL, f"{name}/{captured_s!r}")),
        source=name,
        label="wave",
        phase=EventPhase.START,
        model="scripted",
        started_s=captured_s,
        pts_s=None,
        captured_s=captured_s,
        duration_s=0.0,
        score=0.75,
        peak=0.75,
        peak_s=captured_s,
        mean=0.75,
        predictions=1,
    )


def continued(event: ActionEvent) -> ActionEvent:
    captured_s = now_s()
    return replace(
        event,
        phase=EventPhase.UPDATE,
        captured_s=captured_s,
        duration_s=captured_s - event.started_s,
        predictions=event.predictions + 1,
    )


def prediction(name: str, action: str = NO_ACTION) -> PredictionMessage:
    return PredictionMessage(
        sequence=0,
        session="",
        source=name,
        frame_index=0,
        captured_s=now_s(),
        pts_s=None,
        model="scripted",
        warm_up=False,
        state_age=1,
        gap_s=0.0,
        still_s=0.0,
        repeated=0,
        resets=0,
        dropped=0,
        skipped=0,
        lanes=1,
        lanes_wanted=1,
        top=(TopScore(id=0, label="wave", score=1.0, raw=1.0),),
        action=action,
        latency=LatencySplit(
            capture_ms=0, queue_ms=0, preprocess_ms=0, infer_ms=0, publish_ms=0, total_ms=0
        ),
    )
