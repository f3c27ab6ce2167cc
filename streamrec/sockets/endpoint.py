"""ZeroMQ endpoints: which are allowed, and which of them other machines can reach."""

import re
from ipaddress import ip_address
from typing import NamedTuple

from streamrec.errors import EndpointError

ALLOWED = "allowed: tcp://HOST:PORT, ipc://PATH, inproc://NAME"

_TCP = re.compile(r"(\*|\[[0-9A-Fa-f:.]+(?:%\w+)?\]|[A-Za-z0-9._-]+):(\*|[0-9]{1,5})", re.ASCII)


class Endpoint(NamedTuple):
    """One endpoint: ``transport`` is tcp, ipc or inproc, ``address`` what stands after ``://``.

    ``host`` and ``port`` are set for tcp only; port 0 stands for any free port.
    """

    transport: str
    address: str
    host: str = ""
    port: int = 0

    def __str__(self) -> str:
        return f"{self.transport}://{self.address}"

    @property
    def is_local(self) -> bool:
        """False where other machines could connect."""
        if self.transport != "tcp" or self.host == "localhost":
            return True
        try:
            return ip_address(self.host.strip("[]").partition("%")[0]).is_loopback
        except ValueError:
            return False

    @property
    def is_ipv6(self) -> bool:
        """True for a literal IPv6 address, which ZeroMQ takes only when told so."""
        return self.host.startswith("[")


def parse_endpoint(text: str) -> Endpoint:
    """Return the parts of an endpoint.

    Raises:
        EndpointError: malformed, or of another transport; the message hides credentials.
    """
    transport, _, address = text.partition("://")
    if transport in ("ipc", "inproc") and address.isprintable() and address:
        return Endpoint(transport, address)
    match = _TCP.fullmatch(address) if transport == "tcp" else None
    port = int(match[2].replace("*", "0")) if match else -1
    if match is None or port > 65535:
        shown = re.sub(r"//.*@", "//***@", text)
        raise EndpointError(f"not a ZeroMQ endpoint: {shown[:200]!r}; {ALLOWED}")
    return Endpoint(transport, address, match[1], port)
