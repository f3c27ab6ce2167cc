"""What is answered to a replay request, from the store and the folder of footage."""

from pathlib import Path
from typing import NamedTuple

from streamrec.errors import MessageError, OptionError, StoreError, StreamrecError
from streamrec.footage.files import footage_file
from streamrec.store.query import event_of, messages_after
from streamrec.store.reader import Reader
from streamrec.types import ActionEvent
from streamrec.wire.replay import (
    MAX_ANSWER_BYTES,
    MAX_FOOTAGE_BYTES,
    UNAVAILABLE,
    Answer,
    Events,
    EventsWanted,
    Footage,
    FootageFound,
    FootageWanted,
    Refused,
    decode_request,
    encode_answer,
)


class Reply(NamedTuple):
    """The answer to a request of this number as bytes, and the file that goes with it."""

    request: int
    payload: bytes
    file: bytes | None = None

    @property
    def frames(self) -> list[bytes]:
        """What is sent."""
        return [self.payload] if self.file is None else [self.payload, self.file]

    @property
    def size(self) -> int:
        """Of all frames, bytes."""
        return sum(map(len, self.frames))

    def refused(self, text: str) -> "Reply":
        """Return what is sent in its place where it cannot be sent now."""
        return _refusal(self.request, text, UNAVAILABLE)


class Replayed:
    """Answers requests; nothing that a client sends raises.

    Args:
        url: the database, as SQLAlchemy has it.
        media: the folder of footage.
    """

    def __init__(self, url: str, media: Path) -> None:
        self._url, self._media = url, media
        self._reader: Reader | None = None

    def reply(self, payload: bytes) -> Reply:
        """Answer a request."""
        try:
            request = decode_request(payload)
        except MessageError as error:
            return _refusal(0, str(error), OptionError.exit_code)
        try:
            match request:
                case EventsWanted():
                    return self._events(request)
                case FootageWanted():
                    return self._footage(request)
        except OptionError as error:
            return _refusal(request.request, str(error), OptionError.exit_code)
        except StreamrecError as error:
            return _refusal(request.request, str(error), UNAVAILABLE)

    def _events(self, wanted: EventsWanted) -> Reply:
        """Read a page; half of it where the whole would be too long an answer."""
        most = wanted.most
        while True:
            page = messages_after(
                self._store(),
                wanted.since or 0,
                since_s=wanted.since_s,
                sources=wanted.sources,
                most=most,
            )
            answer = Events(
                request=wanted.request,
                events=page.messages,
                number=page.number,
                newest=page.newest,
                more=page.more,
            )
            payload = encode_answer(answer)
            if len(payload) <= MAX_ANSWER_BYTES or most == 1:
                return Reply(wanted.request, payload)
            most = max(len(page.messages) // 2, 1)

    def _footage(self, wanted: FootageWanted) -> Reply:
        event = event_of(self._store(), wanted.event)
        content = None if event is None else self._content(event, wanted.what)
        found: Answer = FootageFound(
            request=wanted.request,
            event=wanted.event,
            what=wanted.what,
            size=None if content is None else len(content),
        )
        return Reply(wanted.request, encode_answer(found), content)

    def _content(self, event: ActionEvent, what: Footage) -> bytes | None:
        """Read a file of footage, None where there is none.

        Raises:
            OptionError: it is too long.
            StoreError: it cannot be read.
        """
        file = footage_file(self._media, event.source, event.started_s, event.id, what)
        try:
            with file.open("rb") as opened:
                content = opened.read(MAX_FOOTAGE_BYTES + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"the {what} cannot be read: {error.strerror or error}") from None
        if len(content) > MAX_FOOTAGE_BYTES:
            raise OptionError(
                f"the {what} is longer than {MAX_FOOTAGE_BYTES >> 20} MiB, the most that is sent; "
                "`streamrec events show` gets it on the machine of the service"
            )
        return content

    def _store(self) -> Reader:
        self._reader = self._reader or Reader(self._url)
        return self._reader


def _refusal(request: int, text: str, exit_code: int) -> Reply:
    refused = Refused(request=request, text=text, exit_code=exit_code)
    return Reply(request, encode_answer(refused))
