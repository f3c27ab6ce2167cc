"""Requests to a replay socket and their answers; nothing here waits."""

import zmq

from streamrec.client.connect import Connection, Keys
from streamrec.errors import EndpointError, MessageError
from streamrec.wire.replay import (
    MAX_ANSWER_BYTES,
    MAX_FOOTAGE_BYTES,
    Answer,
    Request,
    decode_answer,
    encode_request,
)


class ReplaySocket:
    """Sends requests and takes answers, which tell by their numbers what they are to.

    Attributes:
        where: the server's endpoint.
        socket: for pollers.
    """

    def __init__(self, endpoint: str, keys: Keys) -> None:
        """Connect; needs no service yet. Raises what `Connection` raises."""
        most_bytes = max(MAX_ANSWER_BYTES, MAX_FOOTAGE_BYTES)
        self._connection = Connection(zmq.DEALER, endpoint, keys, most_bytes)
        self.where, self.socket = self._connection.where, self._connection.socket
        self.socket.setsockopt(zmq.IMMEDIATE, 1)  # a request waits for no server that may come
        self._connection.open("ask")

    def ask(self, request: Request) -> bool:
        """Send a request; False where there is no connection, and nobody is asked.

        Raises:
            EndpointError: the socket is closed.
        """
        self._require_open()
        try:
            self.socket.send(encode_request(request), zmq.DONTWAIT)
        except zmq.Again:
            return False
        return True

    def answer(self) -> tuple[Answer, bytes] | None:
        """Return an answer that has come, and the file that came with it, if any.

        Raises:
            EndpointError: the socket is closed, or what answers is no replay socket.
        """
        self._require_open()
        try:
            payload, *files = self.socket.recv_multipart(zmq.DONTWAIT)
        except zmq.Again:
            return None
        try:
            return decode_answer(payload), b"".join(files)
        except MessageError as error:
            raise EndpointError(
                f"what answers on {self.where} is no replay socket of streamrec: {error}"
            ) from None

    def _require_open(self) -> None:
        if self.socket.closed:
            raise EndpointError("the replay is closed; open a new one")

    def close(self) -> None:
        """Disconnect; safe to call twice."""
        self._connection.close()
