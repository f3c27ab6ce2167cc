"""A file in which records wait, in order, until the database takes them.

It begins with a mark and a seed. A record is its length, a sum and MessagePack. The sum is CRC-32
over the record, continued from the sum before it, and from the seed for the first one: so what was
half written, and what an earlier filling left behind, is no record. Space is taken in advance, so
that a full disk still takes some.
"""

import errno
import os
import struct
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from io import FileIO
from itertools import islice
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import msgspec

from streamrec.child import MAX_MESSAGE_BYTES
from streamrec.store.messages import Record

MOST_BYTES = 1 << 30
STEP_BYTES = 1 << 23
"""By so much the file grows, always ahead of what is written."""

_MARK = b"streamrec spool 1\n"
_SEED = struct.Struct("<I")
_HEAD = struct.Struct("<II")
_FIRST = len(_MARK) + _SEED.size

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Record).decode


class Point(NamedTuple):
    """Between two records: where, and the sum of what lies before."""

    offset: int
    total: int


class Batch(NamedTuple):
    """Some records, and the point after them."""

    records: tuple[Record, ...]
    end: Point


class Spool:
    """The file; one thread may append while another one takes.

    Args:
        path: the file; made if it is not there. One that is no spool is moved aside.
        most_bytes: it grows no larger.

    Attributes:
        count: records in it.
        unread: records that were found in it and are of another version of streamrec; they are
            passed over, and make room for those that follow.
        remark: of those, and of what was moved aside, for people; empty: there was nothing.

    Raises:
        OSError: it cannot be made or read.
    """

    def __init__(self, path: Path, most_bytes: int = MOST_BYTES) -> None:
        self._path, self._most = path, most_bytes
        self._lock = threading.Lock()
        moved = _move_aside(path)
        self._file = _open(path)
        try:
            self._size = os.fstat(self._file.fileno()).st_size
            if self._size < min(STEP_BYTES, most_bytes):
                self._grow(1)
            self._start = self._end = _begin(self._file)
            self.count = self.unread = 0
            for record, end in _records(self._path, self._start):
                if record is None:
                    self.unread += 1
                else:
                    self._end = end
                    self.count += 1
            self.remark = _remark(path, moved, self.unread)
        except BaseException:
            self._file.close()
            raise

    def append(self, records: Iterable[Record]) -> None:
        """Add records, which survive the loss of power once this returns.

        Raises:
            OSError: there is no room, or the disk fails; the spool is as before.
        """
        with self._lock:
            written, total, count = bytearray(), self._end.total, 0
            for record in records:
                payload = _encode(record)
                total = crc32(payload, total)
                written += _HEAD.pack(len(payload), total) + payload
                count += 1
            end = self._end.offset + len(written)
            if end > self._size:
                self._grow(end)
            _write(self._file, self._end.offset, bytes(written))
            os.fsync(self._file.fileno())
            self._end = Point(end, total)
            self.count += count

    def oldest(self, most: int) -> Batch:
        """Return the oldest records, so many at most; they stay.

        Raises:
            OSError: the disk fails.
        """
        with self._lock:
            found = list(islice(_readable(self._path, self._start), min(most, self.count)))
            end = found[-1][1] if found else self._start
        return Batch(tuple(record for record, _ in found), end)

    def drop(self, batch: Batch) -> None:
        """Forget the oldest records, which are elsewhere now; an empty spool begins anew.

        Raises:
            OSError: the disk fails.
        """
        with self._lock:
            self._start = batch.end
            self.count -= len(batch.records)
            if self._start == self._end:
                self.count = 0
                self._empty()

    def close(self) -> None:
        """Close the file; what is in it stays."""
        with self._lock:
            self._file.close()

    def _empty(self) -> None:
        """Let go of all records; the next that is appended makes that sure."""
        self._start = self._end = _renew(self._file)
        if self._size > STEP_BYTES:
            self._file.truncate(STEP_BYTES)
            self._size = STEP_BYTES

    def _grow(self, least: int) -> None:
        """Take room for so many bytes, and some more."""
        if least > self._most:
            raise OSError(errno.ENOSPC, f"the spool is full: {self._most} bytes")
        size = min(-(-least // STEP_BYTES) * STEP_BYTES, self._most)
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(self._file.fileno(), 0, size)
        else:
            _write(self._file, self._size, bytes(size - self._size))
        self._size = size


def _move_aside(path: Path) -> Path | None:
    """Rename what is no spool, rather than overwrite it; return where it is now."""
    with suppress(FileNotFoundError):
        with path.open("rb") as file:
            mark = file.read(len(_MARK))
        if mark.strip(b"\0") and mark != _MARK:
            return path.replace(path.with_name(f"{path.name}.bad"))
    return None


def _remark(path: Path, moved: Path | None, unread: int) -> str:
    if moved is not None:
        return f"{path} was no spool of this version of streamrec: it is {moved} now, and not read"
    if unread:
        return f"{path}: records of another version of streamrec were passed over: {unread}"
    return ""


def _open(path: Path) -> FileIO:
    """Open a spool, or make one."""
    with suppress(FileExistsError):
        path.touch(exist_ok=False)
    return path.open("r+b", buffering=0)


def _begin(file: FileIO) -> Point:
    """Return the point before the first record."""
    file.seek(0)
    head = file.read(_FIRST)
    if len(head) < _FIRST or not head.startswith(_MARK):
        return _renew(file)
    return Point(_FIRST, _SEED.unpack_from(head, len(_MARK))[0])


def _renew(file: FileIO) -> Point:
    """Give the file another seed, with which nothing in it is a record any more."""
    seed = os.urandom(_SEED.size)
    _write(file, 0, _MARK + seed)
    return Point(_FIRST, _SEED.unpack(seed)[0])


def _write(file: FileIO, offset: int, data: bytes) -> None:
    file.seek(offset)
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]


def _readable(path: Path, start: Point) -> Iterator[tuple[Record, Point]]:
    """Go through the records of this version."""
    for record, end in _records(path, start):
        if record is not None:
            yield record, end


def _records(path: Path, start: Point) -> Iterator[tuple[Record | None, Point]]:
    """Go through the records from a point on, to where there are no more.

    One of another version is None.
    """
    offset, total = start
    with path.open("rb") as file:
        file.seek(offset)
        while len(head := file.read(_HEAD.size)) == _HEAD.size:
            length, told = _HEAD.unpack(head)
            payload = file.read(length) if 0 < length <= MAX_MESSAGE_BYTES else b""
            total = crc32(payload, total)
            if len(payload) != length or not payload or total != told:
                return
            offset += _HEAD.size + length
            yield _decoded(payload), Point(offset, total)


def _decoded(payload: bytes) -> Record | None:
    try:
        return _decode(payload)
    except msgspec.DecodeError:
        return None
