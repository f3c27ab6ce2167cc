"""Why nothing comes from a server: what a connection made for this question goes through.

With CURVE, libzmq's monitor tells some of it. Found with libzmq 4.3.5: where only one of both has
keys, the mechanisms differ (protocol error), and libzmq tries no more; a server whose key is
another breaks off each handshake; one that does not know the client's key does so, too, or leaves
it without an answer.
"""

import math
import time

import zmq
from zmq.utils.monitor import recv_monitor_message

from streamrec.client.connect import Connection, Keys
from streamrec.sockets.endpoint import Endpoint

WAIT_S = 2.0
"""What has not happened by then is taken not to happen."""

_MOST_BYTES = 1 << 16
"""Longest message of a handshake."""

_CONCLUSIVE = (
    zmq.EVENT_HANDSHAKE_SUCCEEDED
    | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    | zmq.EVENT_HANDSHAKE_FAILED_AUTH
)
_EVENTS = zmq.EVENT_CONNECTED | zmq.EVENT_CONNECT_RETRIED | _CONCLUSIVE


def diagnose(where: Endpoint, keys: Keys) -> str:
    """Connect once more for up to ``WAIT_S`` seconds; return in words how far that came.

    Raises:
        KeysError: a key that is no more what it was when the client began.
    """
    if where.transport == "inproc":  # the same program; its monitor tells nothing
        return f"{where} says nothing"
    connection = Connection(zmq.SUB, str(where), keys, _MOST_BYTES)
    monitor = connection.socket.get_monitor_socket(_EVENTS)
    try:
        connection.open("connect to")
        return _meaning(_happened(monitor), where, keys)
    finally:
        connection.socket.disable_monitor()
        monitor.close(0)
        connection.close()


def _happened(monitor: zmq.Socket[bytes]) -> int:
    """Return the events of a connection, those together that tell enough, or all until it is time.

    A retry tells only of a connection that never came about: after a handshake, it follows.
    """
    seen, end_s = 0, time.monotonic() + WAIT_S
    while (left_s := end_s - time.monotonic()) > 0:
        if monitor.poll(math.ceil(left_s * 1e3)):
            seen |= int(recv_monitor_message(monitor)["event"])
        if seen & _CONCLUSIVE or seen == zmq.EVENT_CONNECT_RETRIED:
            break
    return seen


def _meaning(seen: int, where: Endpoint, keys: Keys) -> str:
    if not seen & zmq.EVENT_CONNECTED:
        return f"nothing listens on {where}; is the service running there?"
    if seen & zmq.EVENT_HANDSHAKE_SUCCEEDED:
        return f"{where} lets us in, but says nothing"
    if keys.server is None:
        if seen & zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL:
            return f"{where} has keys, and we gave none: give the server key, start again"
        return f"what listens on {where} is no service of streamrec"
    if seen & zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL:
        return f"{where} has no keys, and we gave some: leave out the server key, start again"
    given = "our key" if keys.own is not None else "us, as we gave no key of our own"
    return f"{where} does not let us in: the server key is not its own, or it does not know {given}"
