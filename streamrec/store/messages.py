"""What the store's process and its owner say to each other.

The owner sends ``Open`` once, then ``Keep``; what it sends is kept in that order. The process
answers with the others, and ends when the line does, once it has kept what had arrived.
"""

from typing import TypeAlias

from msgspec import Struct

from streamrec.wire import EventMessage, StatusMessage


class Open(Struct, frozen=True, tag="open"):
    """Where to keep.

    Attributes:
        url: the database, as SQLAlchemy has it, with its password.
        spool: the file in which records wait where the database cannot take them.
        keep_days: days after which rows are deleted; 0: never.
        media: folder of thumbnails and clips; empty: there are none.
        media_days: days after which those are deleted; 0: never.
        media_gib: size of all of them at most; 0: any.
    """

    url: str
    spool: str
    keep_days: float = 0.0
    media: str = ""
    media_days: float = 0.0
    media_gib: float = 0.0


class Record(Struct, frozen=True):
    """One thing to keep; ``number`` rises from record to record, also over restarts."""

    number: int
    message: EventMessage | StatusMessage


class Keep(Struct, frozen=True, tag="keep"):
    """Keep these."""

    records: tuple[Record, ...]


class Kept(Struct, frozen=True, tag="kept"):
    """All records up to this number are on disk, in the database or the spool, and stay there."""

    number: int


class Interrupted(Struct, frozen=True, tag="interrupted"):
    """Events of earlier runs that have no end: the newest message of each.

    Sent once, when the database has first been reached. ``number``: the newest of all records.
    """

    number: int
    events: tuple[EventMessage, ...]


class StoreHealth(Struct, frozen=True, tag="store-health"):
    """Sent every second, and when something changes.

    Attributes:
        lag_s: age of the oldest record that is not in the database yet, seconds; 0: all are.
        spooled: records that wait in the spool.
        lost: records that could be kept nowhere, since the process was started.
        written: records in the database since then.
        error: why the database does not take them, without secrets; empty: it does.
        remark: what of an earlier spool could not be read; empty: nothing.
    """

    lag_s: float
    spooled: int
    lost: int
    written: int
    error: str = ""
    remark: str = ""


ToStore: TypeAlias = Open | Keep
FromStore: TypeAlias = Kept | Interrupted | StoreHealth
