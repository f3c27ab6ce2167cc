"""Events, their messages, and what changed with cameras."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "events",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("started_s", sa.Double, nullable=False),
        sa.Column("pts_s", sa.Double),
        sa.Column("captured_s", sa.Double, nullable=False),
        sa.Column("ended_s", sa.Double),
        sa.Column("duration_s", sa.Double, nullable=False),
        sa.Column("score", sa.Double, nullable=False),
        sa.Column("peak", sa.Double, nullable=False),
        sa.Column("peak_s", sa.Double, nullable=False),
        sa.Column("mean", sa.Double, nullable=False),
        sa.Column("predictions", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text),
    )
    op.create_index("events_by_time", "events", ["started_s"])
    op.create_index("events_by_source", "events", ["source", "started_s"])
    op.create_index("events_by_label", "events", ["label", "started_s"])
    op.create_index("events_open", "events", ["ended_s"])
    op.create_table(
        "messages",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("event", sa.Text, sa.ForeignKey("events.id", ondelete="CASCADE"), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("captured_s", sa.Double, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
    )
    op.create_index("ix_messages_event", "messages", ["event"])
    op.create_index("messages_by_time", "messages", ["captured_s"])
    op.create_table(
        "statuses",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("sent_s", sa.Double, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("defect", sa.Text),
        sa.Column("payload", sa.Text, nullable=False),
    )
    op.create_index("statuses_by_source", "statuses", ["source", "sent_s"])
    op.create_index("statuses_by_time", "statuses", ["sent_s"])
