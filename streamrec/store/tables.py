"""The tables, as the newest migration leaves them.

``messages`` has every message of an event, for replay; ``events`` one row for each event, as its
newest message has it; ``statuses`` what changed with cameras. Times are Unix time in seconds.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    MetaData,
    Table,
    Text,
)

metadata = MetaData()

events = Table(
    "events",
    metadata,
    Column("id", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("started_s", Double, nullable=False),
    Column("pts_s", Double),
    Column("captured_s", Double, nullable=False),
    Column("ended_s", Double),
    Column("duration_s", Double, nullable=False),
    Column("score", Double, nullable=False),
    Column("peak", Double, nullable=False),
    Column("peak_s", Double, nullable=False),
    Column("mean", Double, nullable=False),
    Column("predictions", BigInteger, nullable=False),
    Column("reason", Text),
    Index("events_by_time", "started_s"),
    Index("events_by_source", "source", "started_s"),
    Index("events_by_label", "label", "started_s"),
    Index("events_open", "ended_s"),
)
"""``number``: of its newest message; ``ended_s`` and ``reason`` are null while it is open."""

messages = Table(
    "messages",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("event", Text, ForeignKey("events.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("source", Text, nullable=False),
    Column("captured_s", Double, nullable=False),
    Column("payload", Text, nullable=False),
    Index("messages_by_time", "captured_s"),
)
"""``payload``: the message as JSON."""

statuses = Table(
    "statuses",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("source", Text, nullable=False),
    Column("sent_s", Double, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("defect", Text),
    Column("payload", Text, nullable=False),
    Index("statuses_by_source", "source", "sent_s"),
    Index("statuses_by_time", "sent_s"),
)
"""``payload``: the message as JSON."""
