"""A publisher in a process of its own, for those who measure what others do to it.

It prints its endpoint, publishes until standard input ends, and prints how it went, as JSON.
"""

import json
import sys
import threading
import time
from pathlib import Path

import msgspec
import zmq

from streamrec.config import AccessOptions
from streamrec.sinks.zmq import ZmqPublisher
from streamrec.sockets.files import allow_many_files
from streamrec.types import CameraState, CameraStatus, now_s
from streamrec.wire import PredictionMessage, decode

MESSAGE = {
    "type": "prediction",
    "sequence": 0,
    "session": "",
    "source": "camera-0",
    "frame_index": 3,
    "captured_s": 0.0,
    "pts_s": None,
    "model": "m",
    "warm_up": False,
    "state_age": 9,
    "gap_s": 0.0,
    "repeated": 0,
    "resets": 0,
    "dropped": 0,
    "skipped": 0,
    "lanes": 1,
    "lanes_wanted": 1,
    "top": [{"id": n, "label": f"label {n}", "score": 0.1, "raw": 0.1} for n in range(5)],
    "latency": {f"{name}_ms": 1.0 for name in ("capture", "queue", "preprocess", "infer")}
    | {"publish_ms": 0.0, "total_ms": 4.0},
}


def main(rate_hz: float, access: AccessOptions) -> None:
    """Publish so many predictions a second."""
    allow_many_files()
    publisher = ZmqPublisher("tcp://127.0.0.1:*", access=access)
    publisher.tell(CameraStatus(source="camera-0", state=CameraState.LIVE, since_s=now_s()))
    print(publisher.endpoint, flush=True)
    ended = threading.Event()
    threading.Thread(target=_await_end, args=(ended,), daemon=True).start()
    began_mib, worst_s, sent = resident_mib(), 0.0, 0
    message, poller = decode(json.dumps(MESSAGE).encode()), zmq.Poller()
    assert isinstance(message, PredictionMessage)
    for each in publisher.sockets:
        poller.register(each, zmq.POLLIN)
    began_s = next_s = time.monotonic()
    while not ended.is_set():
        poller.poll(max(0, round((next_s - time.monotonic()) * 1e3)))
        turn_s = time.monotonic()
        publisher.turn()
        if time.monotonic() >= next_s:
            ready_s = now_s()
            publisher.publish(msgspec.structs.replace(message, captured_s=ready_s), ready_s)
            next_s, sent = max(next_s + 1 / rate_hz, time.monotonic() - 1.0), sent + 1
        worst_s = max(worst_s, time.monotonic() - turn_s)
    said = {
        "sent": sent,
        "seconds": time.monotonic() - began_s,
        "cpu_s": time.process_time(),
        "grown_mib": resident_mib() - began_mib,
        "worst_turn_ms": worst_s * 1e3,
        **publisher.counts._asdict(),
    }
    publisher.close()
    print(json.dumps(said), flush=True)


def _await_end(ended: threading.Event) -> None:
    sys.stdin.read()
    ended.set()


def resident_mib() -> float:
    """Return the memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20


if __name__ == "__main__":
    main(float(sys.argv[1]), AccessOptions(**json.loads(sys.argv[2])))
