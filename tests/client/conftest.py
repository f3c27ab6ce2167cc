"""A service of the test's own: a publisher that the test drives, and a store that may lag."""

import threading
from pathlib import Path

import msgspec
import pytest
import zmq

from streamrec import wire
from streamrec.wire import replay

EVENT, HEARTBEAT = (
    wire.decode((Path(__file__).parent.parent / f"wire/{kind}-v1.json").read_bytes())
    for kind in ("event", "heartbeat")
)


class ScriptedService:
    """Publishes what it is told to, and answers requests from what is said to be stored.

    Attributes:
        kept: messages in the store, in order.
        files: footage by event and kind; None: there is none.
        refusal: what every request is answered with, if anything.
        silent: requests to leave without an answer.
        asked: the requests that came.
    """

    def __init__(self, publish="tcp://127.0.0.1:*", answer="tcp://127.0.0.1:*", most=1000):
        self.kept, self.files, self.refusal, self.silent, self.asked = [], {}, None, 0, []
        self._most = most
        self._sequences, self._session = {}, f"{id(self):x}"
        self._context = zmq.Context()
        self._publisher = self._context.socket(zmq.XPUB)
        self._router = self._context.socket(zmq.ROUTER)
        self._publisher.bind(publish)
        self._router.bind(answer)
        self.publishes_on = self._publisher.getsockopt_string(zmq.LAST_ENDPOINT)
        self.answers_on = self._router.getsockopt_string(zmq.LAST_ENDPOINT)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def wait(self):
        """Wait for a subscriber."""
        assert self._publisher.poll(10_000), "nobody subscribed"
        self._publisher.recv()

    def publish(self, *events):
        for event in events:
            sequence = self._sequences[event.source] = self._sequences.get(event.source, -1) + 1
            self._send(msgspec.structs.replace(event, sequence=sequence, session=self._session))

    def beat(self, number, **fields):
        beat = msgspec.structs.replace(HEARTBEAT, number=number, session=self._session, **fields)
        self._send(beat)

    def _send(self, message):
        self._publisher.send_multipart(wire.encode_frames(message))

    def _serve(self):
        while not self._ended.is_set():
            if self._router.poll(20):
                *client, payload = self._router.recv_multipart()
                self.asked.append(replay.decode_request(payload))
                self._answer(client, self.asked[-1])

    def _answer(self, client, request):
        if self.silent:
            self.silent -= 1
            return
        answer, files = self.refusal, []
        if answer is not None:
            answer = msgspec.structs.replace(answer, request=request.request)
        elif isinstance(request, replay.EventsWanted):
            answer = self._events(request)
        else:
            found = self.files[request.event, request.what]
            files = [] if found is None else [found]
            size = None if found is None else len(found)
            answer = replay.FootageFound(
                request=request.request, event=request.event, what=request.what, size=size
            )
        self._router.send_multipart([*client, replay.encode_answer(answer), *files])

    def _events(self, request):
        since, kept = request.since or 0, list(self.kept)
        newer = [each for each in kept if each.number > since]
        page = newer[: min(request.most, self._most)]
        return replay.Events(
            request=request.request,
            events=tuple(e for e in page if request.sources is None or e.source in request.sources),
            number=page[-1].number if page else since,
            newest=kept[-1].number if kept else 0,
            more=len(newer) > len(page),
        )

    def close(self):
        self._ended.set()
        self._thread.join()
        self._publisher.close(1000)
        self._router.close(0)
        self._context.term()


@pytest.fixture
def start():
    """Start a scripted service."""
    services = []

    def one(**options):
        services.append(ScriptedService(**options))
        return services[-1]

    yield one
    for service in services:
        if not service._ended.is_set():
            service.close()


def make_events(count, first=1, source="a"):
    """Messages of events that follow each other, with numbers 10, 20, ..."""
    return [
        msgspec.structs.replace(EVENT, number=10 * i, previous=10 * (i - 1), source=source)
        for i in range(first, first + count)
    ]


@pytest.fixture
def events():
    """Make messages of events."""
    return make_events
