"""What a program uses to receive messages; needs neither torch, OpenCV nor ONNX Runtime.

::

    with Subscriber() as subscriber:
        for message in subscriber:
            print(message.source, message.top[0].label, message.top[0].score)

``async with`` and ``async for`` work the same way. The publisher may start later, stop and come
back: the subscriber connects again by itself. ``Subscriber(kinds=("prediction", "status"))`` also
tells how it stands with each camera, and begins with what is known already.

`follow_events` gives every event of a service once, those included that were published while
nobody listened; `Replay` asks for those of the past, and for their thumbnails and clips.
"""

from streamrec.client.continuity import Gap
from streamrec.client.follow import EventFollower, follow_events
from streamrec.client.replay import Replay
from streamrec.client.subscriber import Subscriber
from streamrec.wire import (
    EventMessage,
    HeartbeatMessage,
    Message,
    PredictionMessage,
    StatusMessage,
)

__all__ = [
    "EventFollower",
    "EventMessage",
    "Gap",
    "HeartbeatMessage",
    "Message",
    "PredictionMessage",
    "Replay",
    "StatusMessage",
    "Subscriber",
    "follow_events",
]
