"""The names of MQTT topics, and what is said under them."""

import re
from typing import NamedTuple

from streamrec.errors import OptionError

ONLINE, OFFLINE = "online", "offline"

_PREFIX = re.compile(r"[A-Za-z0-9_.-]{1,64}(/[A-Za-z0-9_.-]{1,64}){0,7}")


class Publication(NamedTuple):
    """One MQTT message; ``retain``: the broker keeps it for those who subscribe later."""

    topic: str
    payload: str
    retain: bool = True


class Topics:
    """Topics below a prefix, which is the bridge's own.

    Raises:
        OptionError: a prefix that is not allowed in topics.
    """

    def __init__(self, prefix: str) -> None:
        if not _PREFIX.fullmatch(prefix):
            raise OptionError(
                f"an MQTT prefix is words of letters, digits, '_', '.' and '-', joined by '/'; "
                f"got {prefix[:80]!r}"
            )
        self.prefix = prefix

    @property
    def bridge(self) -> str:
        """Whether the bridge is connected; its last will."""
        return f"{self.prefix}/bridge/availability"

    @property
    def service(self) -> str:
        """Whether the service publishes."""
        return f"{self.prefix}/service/availability"

    def availability(self, camera: str) -> str:
        """Whether a camera sends pictures."""
        return f"{self.prefix}/camera/{camera}/availability"

    def action(self, camera: str) -> str:
        """The label of the open event, or ``none``."""
        return f"{self.prefix}/camera/{camera}/action"

    def attributes(self, camera: str) -> str:
        """The newest event as JSON, retained."""
        return f"{self.prefix}/camera/{camera}/last_event"

    def event(self, camera: str) -> str:
        """Every event as JSON, as it happens."""
        return f"{self.prefix}/camera/{camera}/event"

    def status(self, camera: str) -> str:
        """How it stands with a camera, as JSON."""
        return f"{self.prefix}/camera/{camera}/status"
