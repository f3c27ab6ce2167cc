"""What a program uses to receive messages; needs neither torch, OpenCV nor ONNX Runtime.

::

    with Subscriber() as subscriber:
        for message in subscriber:
            print(message.source, message.top[0].label, message.top[0].score)

``async with`` and ``async for`` work the same way. The publisher may start later, stop and come
back: the subscriber connects again by itself. ``Subscriber(kinds=("prediction", "status"))`` also
tells how it stands with each camera, and begins with what is known already.
"""

from streamrec.client.subscriber import Subscriber
from streamrec.wire import (
    EventMessage,
    HeartbeatMessage,
    Message,
    PredictionMessage,
    StatusMessage,
)

__all__ = [
    "EventMessage",
    "HeartbeatMessage",
    "Message",
    "PredictionMessage",
    "StatusMessage",
    "Subscriber",
]
