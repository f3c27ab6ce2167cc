"""A worker that says what its cameras' sources tell it to; what supervisors are tried with.

Sources: ``live``: predicts; ``bad``: cannot be watched; ``ends``: ends the process; ``crashes``:
by a signal; ``hangs``: says nothing any more; ``mute``: takes no pictures.
"""

import os
import signal
import socket
import time

from streamrec.child import Line
from streamrec.service.messages import (
    Alive,
    Begin,
    Forget,
    Predicted,
    Snapshot,
    TakeSnapshot,
    Told,
    ToWorker,
    Watch,
)
from streamrec.types import CameraState, CameraStatus, now_s
from streamrec.wire import LatencySplit, PredictionMessage, TopScore


def serve(connected: socket.socket) -> None:
    """Do as the supervisor says."""
    line = Line(connected, ToWorker)
    cameras = {}
    while True:
        match line.receive(0.05):
            case Watch(settings):
                watch(line, settings.name, settings.source.source)
                cameras[settings.name] = settings.source.source
            case Forget(name):
                cameras.pop(name, None)
            case TakeSnapshot(name, number) if cameras.get(name) != "mute":
                line.send(Snapshot(name, number, f"picture of {name}".encode()))
            case Begin() | TakeSnapshot() | None:
                pass
        line.send(Alive())
        for name, source in cameras.items():
            if source == "live":
                line.send(Predicted(prediction(name), now_s()))


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


def prediction(name: str) -> PredictionMessage:
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
        latency=LatencySplit(
            capture_ms=0, queue_ms=0, preprocess_ms=0, infer_ms=0, publish_ms=0, total_ms=0
        ),
    )
