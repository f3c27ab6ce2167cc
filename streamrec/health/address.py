"""Where to serve HTTP: ``HOST:PORT``, or a port of this machine's own."""

import re
from ipaddress import ip_address
from typing import NamedTuple

from streamrec.errors import EndpointError

LOOPBACK = "127.0.0.1"

_ADDRESS = re.compile(r"(?:(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):)?([0-9]{1,5})", re.ASCII)


class Address(NamedTuple):
    """A host, without brackets, and a port; 0: any that is free."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse_address(text: str) -> Address:
    """Return the parts of ``PORT``, ``HOST:PORT`` or ``[IPV6]:PORT``.

    Raises:
        EndpointError: it is none of them.
    """
    match = _ADDRESS.fullmatch(text)
    host = (match[1] or LOOPBACK) if match else ""
    if match is None or int(match[2]) > 65535 or not _is_host(host):
        raise EndpointError(
            f"not an address to serve HTTP at: {text[:100]!r}; allowed: PORT, which is "
            "this machine's own, or HOST:PORT such as 0.0.0.0:9464 or [::1]:9464"
        )
    return Address(host.strip("[]"), int(match[2]))


def _is_host(host: str) -> bool:
    if not host.startswith("["):
        return True
    try:
        return ip_address(host.strip("[]")).version == 6
    except ValueError:
        return False
