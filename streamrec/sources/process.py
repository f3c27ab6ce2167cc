"""The owner's side of a capture process: frames out of it, whatever becomes of it."""

import time
from contextlib import ExitStack, suppress
from typing import Literal, NamedTuple, Self, TypeAlias

import msgspec

from streamrec.child import Child, LineClosedError
from streamrec.errors import SourceOpenError, SourceReadError
from streamrec.sources.base import Source
from streamrec.sources.messages import (
    Ended,
    Failed,
    FromReader,
    Noticed,
    Opened,
    Picture,
    Reading,
    ReadRequest,
    Snapshot,
    Taken,
    TakeSnapshot,
    Withheld,
)
from streamrec.sources.shared import SharedPictures
from streamrec.sources.uri import redact
from streamrec.types import Frame

GRACE_S = 4.0
"""What the time-outs of a source may overrun before its process counts as hanging."""

_MODULE = "streamrec.reader"  # started by its name: it is above the sources
_END_S = 1.0
_DEFAULT = Reading()


class Received(NamedTuple):
    """A frame, and what else its process says of it."""

    frame: Frame
    picture: Picture


News: TypeAlias = Received | Opened | Withheld | Noticed | Snapshot | Ended


class ReaderProcess:
    """A process that captures one source, and can be killed at any moment.

    Args:
        uri: a camera or network address as ``open_source`` takes it, credentials included.
        name: what frames are called; None: made from the URI.
        open_timeout_s, read_timeout_s: longest wait for a connection and for a frame, seconds.
        transport: of RTSP; decoder: of network streams.
        options: further FFmpeg options, ``key;value|key;value``.
        reading: how pictures are made.

    Raises:
        SourceOpenError: no process can be started.
    """

    def __init__(
        self,
        uri: str,
        *,
        name: str | None = None,
        open_timeout_s: float = 10.0,
        read_timeout_s: float = 10.0,
        transport: Literal["tcp", "udp"] = "tcp",
        decoder: Literal["opencv", "av"] = "opencv",
        options: str = "",
        reading: Reading = _DEFAULT,
    ) -> None:
        self._shown, self._name = redact(uri), name or ""
        self._killed = False
        request = ReadRequest(
            uri=uri,
            memory="",
            name=name,
            open_timeout_s=open_timeout_s,
            read_timeout_s=read_timeout_s,
            transport=transport,
            decoder=decoder,
            options=options,
            reading=reading,
        )
        self._start(request)

    def _start(self, request: ReadRequest) -> None:
        try:
            with ExitStack() as undo:
                self._pictures = SharedPictures()
                undo.callback(self._pictures.close)
                self._child: Child[FromReader] = Child(
                    _MODULE, FromReader, inherited=self._pictures.inherited
                )
                undo.callback(self._child.kill)
                memory = self._pictures.memory
                self._child.line.send(msgspec.structs.replace(request, memory=memory))
                undo.pop_all()
        except (OSError, LineClosedError) as error:
            raise SourceOpenError(f"no capture process for {self._shown}: {error}") from None
        except UnicodeEncodeError:
            raise SourceOpenError(
                "malformed address: it is not UTF-8; write other bytes as %FF"
            ) from None

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._child.pid

    def receive(self, timeout_s: float | None = None) -> News | None:
        """Return the next news, or None after so many seconds; None: wait for ever.

        ``Opened`` comes first, ``Ended`` last.

        Raises:
            SourceOpenError: the source cannot be opened.
            SourceReadError: it cannot be read any further, or its process has ended.
        """
        try:
            return self._news(self._child.line.receive(timeout_s))
        except LineClosedError:
            raise SourceReadError(self._obituary()) from None

    def ask_snapshot(self) -> None:
        """Ask for a ``Snapshot`` of the next frame.

        Raises:
            SourceReadError: the process has ended.
        """
        try:
            self._child.line.send(TakeSnapshot())
        except LineClosedError:
            raise SourceReadError(self._obituary()) from None

    def kill(self) -> None:
        """End the process at once, whatever it does; from any thread, safe to call twice."""
        self._killed = True
        self._child.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.kill()
        self._pictures.close()

    def _news(self, message: FromReader | None) -> News | None:
        if isinstance(message, Failed):
            raise (SourceOpenError if message.kind == "open" else SourceReadError)(message.text)
        if isinstance(message, Opened):
            self._name = message.name
        return self._received(message) if isinstance(message, Picture) else message

    def _received(self, picture: Picture) -> Received:
        """Copy a picture, and give its slot back."""
        image = self._pictures.copy(picture.slot, picture.height, picture.width)
        with suppress(LineClosedError):  # it has ended, and told more before that
            self._child.line.send(Taken(picture.slot))
        frame = Frame(
            image=image,
            index=picture.index,
            captured_s=picture.captured_s,
            time_s=picture.time_s,
            pts_s=picture.pts_s,
            source=self._name,
            dropped=picture.dropped,
            capture_ms=picture.capture_ms,
            cut=picture.cut,
        )
        return Received(frame, picture)

    def _obituary(self) -> str:
        """Say how the process ended."""
        status = None if self._killed else self._child.await_end(_END_S)
        if status is None:
            how = "was stopped"
        else:
            how = f"ended with {f'signal {-status}' if status < 0 else f'status {status}'}"
        return f"the capture process of {self._shown} {how}"


class ProcessSource(Source):
    """The frames of a ``ReaderProcess``, which takes the same arguments; the rest is not told.

    Raises:
        SourceOpenError: it cannot be opened, or not in time.
    """

    def __init__(
        self,
        uri: str,
        *,
        name: str | None = None,
        open_timeout_s: float = 10.0,
        read_timeout_s: float = 10.0,
        transport: Literal["tcp", "udp"] = "tcp",
        reading: Reading = _DEFAULT,
    ) -> None:
        self._process = ReaderProcess(
            uri,
            name=name,
            open_timeout_s=open_timeout_s,
            read_timeout_s=read_timeout_s,
            transport=transport,
            reading=reading,
        )
        self._read_timeout_s = read_timeout_s
        self._shown = redact(uri)
        self._ended = False
        opened = self._await_opened(open_timeout_s)
        self.name, self.live = opened.name, opened.live
        self.fps, self.frame_count = opened.fps, opened.frame_count

    def read(self) -> Frame | None:
        """Return the next frame, or None at the end."""
        deadline_s = time.monotonic() + self._read_timeout_s + GRACE_S
        while not self._ended:
            news = self._process.receive(max(0.0, deadline_s - time.monotonic()))
            if isinstance(news, Received):
                return news.frame
            if news is None:
                raise SourceReadError(f"no frame from {self._shown} for {self._read_timeout_s:g} s")
            self._ended = isinstance(news, Ended)
        return None

    def interrupt(self) -> None:
        """End the process, and with it a wait for a frame."""
        self._process.kill()

    def close(self) -> None:
        """End the process."""
        self._ended = True
        self._process.__exit__()

    def _await_opened(self, timeout_s: float) -> Opened:
        try:
            opened = self._process.receive(timeout_s + GRACE_S)
        except SourceReadError as error:
            self.close()
            raise SourceOpenError(str(error)) from None
        except BaseException:
            self.close()
            raise
        if isinstance(opened, Opened):
            return opened
        self.close()
        raise SourceOpenError(f"cannot open {self._shown}: nothing came for {timeout_s:g} s")
