"""Where metrics are served."""

import re
from ipaddress import ip_address
from typing import NamedTuple

from streamrec.errors import OptionError

LOOPBACK = "127.0.0.1"

_NAME = r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*"
_ADDRESS = re.compile(rf"(?:(\[[0-9A-Fa-f:.]+\]|{_NAME}):)?([0-9]{{1,5}})")


class Address(NamedTuple):
    """A host, without brackets, and a port; 0: any that is free."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str) -> Address:
    """Read ``PORT`` or ``HOST:PORT``; a port alone is this machine's own.

    Raises:
        OptionError: it is neither.
    """
    match = _ADDRESS.fullmatch(text)
    host = (match[1] or LOOPBACK) if match else ""
    if match is None or int(match[2]) > 65535 or not _is_host(host):
        raise OptionError(
            "metrics are served at a port, or at HOST:PORT, as 9464 or [::1]:9464; "
            f"got {text[:200]!r}"
        )
    return Address(host.strip("[]"), int(match[2]))


def _is_host(host: str) -> bool:
    if not host.startswith("["):
        return True
    try:
        return ip_address(host.strip("[]")).version == 6
    except ValueError:
        return False
