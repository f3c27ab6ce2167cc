"""Where messages belong: ``streamrec/v1/<source>/<type>/``."""

import re
from typing import NamedTuple

from streamrec.errors import MessageError

MAX_SOURCE_NAME = 128
TOPIC_ROOT = "streamrec/v1"

SYSTEM = "_system"
"""The source of what concerns the whole publisher; no camera has a name that begins so."""


class Topic(NamedTuple):
    """Where a message belongs: the source's name and the message type."""

    source: str
    kind: str

    def encode(self) -> bytes:
        """Return ``streamrec/v1/<source>/<kind>/``; the last slash keeps cam1 from cam10."""
        return f"{TOPIC_ROOT}/{self.source}/{self.kind}/".encode("ascii")


_TOPIC = re.compile(TOPIC_ROOT.encode() + rb"/([A-Za-z0-9_.-]{1,128})/([a-z]{1,32})/")


def parse_topic(topic: bytes) -> Topic:
    """Return the parts of a topic.

    Raises:
        MessageError: not a topic of this version.
    """
    match = _TOPIC.fullmatch(topic)
    if match is None:
        raise MessageError(f"not a topic of the form {TOPIC_ROOT}/<source>/<type>/: {topic[:80]!r}")
    return Topic(match[1].decode("ascii"), match[2].decode("ascii"))


def source_name(name: str) -> str:
    """Return the name as topics carry it: runs of other than ``A-Z a-z 0-9 _ . -`` become ``_``."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", name)[:MAX_SOURCE_NAME] or "_"


def subscription(source: str | None = None) -> bytes:
    """Return the topic prefix that selects one source, or all of them."""
    prefix = TOPIC_ROOT if source is None else f"{TOPIC_ROOT}/{source_name(source)}"
    return f"{prefix}/".encode("ascii")
