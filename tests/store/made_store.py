"""Stores of made events, written by the service's own writer."""

from uuid import NAMESPACE_URL, uuid5

from made_events import make_event
from msgspec.structs import replace

from streamrec.store.database import Database
from streamrec.store.messages import Record
from streamrec.types import CameraState, CameraStatus, EventPhase
from streamrec.wire import event_message_of, status_message_of

BEGIN_S = 1_790_000_000.0


def made_event(started_s=BEGIN_S, lasted_s=3.0, *, source="door", label="wave", **values):
    """Return an event that has ended; ``lasted_s`` None: it has not."""
    facts = {
        "id": str(uuid5(NAMESPACE_URL, f"{source} {label} {started_s}")),
        "source": source,
        "label": label,
        "model": "tiny",
        "started_s": started_s,
        "captured_s": started_s + (1.0 if lasted_s is None else lasted_s),
        "score": 0.25,
        "peak": 0.9,
        "mean": 0.6,
        "predictions": 7,
    }
    return make_event(EventPhase.UPDATE if lasted_s is None else EventPhase.END, **facts | values)


def made_status(since_s, state="live", source="door", reason=""):
    """Return how it stands with a camera."""
    return CameraStatus(source=source, state=CameraState(state), since_s=since_s, reason=reason)


def fill(url, events=(), statuses=()):
    """Write events and statuses in their order; return the numbers of the events' messages."""
    records = [event_record_of(event, index) for index, event in enumerate(events)]
    database = Database(url)
    for index in range(0, len(records), 500):
        database.write(records[index : index + 500])
    database.write([status_record_of(status, index) for index, status in enumerate(statuses)])
    database.close()
    return [record.number for record in records]


def event_record_of(event, index=0):
    """Return what the service hands to its store."""
    number = int(event.captured_s * 1e6) + index
    return Record(number, event_message_of(event, number))


def status_record_of(status, index):
    message = replace(status_message_of(status), sent_s=status.since_s)
    return Record(int(status.since_s * 1e6) + index, message)
