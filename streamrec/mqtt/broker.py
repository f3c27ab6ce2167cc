"""Where an MQTT broker is."""

from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from streamrec.errors import OptionError

PORTS = {"mqtt": 1883, "mqtts": 8883}
"""Schemes and their ports, without and with TLS."""


class Broker(NamedTuple):
    """A broker and how to log in; ``user`` and ``password`` may be empty."""

    host: str
    port: int
    tls: bool
    user: str
    password: str

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"mqtt{'s' * self.tls}://{host}:{self.port}"

    def __repr__(self) -> str:
        return str(self)


def parse_broker(url: str) -> Broker:
    """Return the parts of ``mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT]``.

    Raises:
        OptionError: it is not of that form; the message does not repeat it.
    """
    advice = "a broker is mqtt://HOST, or mqtt[s]://USER:PASSWORD@HOST:PORT with signs escaped"
    try:
        parts = urlsplit(url)
        port = parts.port
        (parts.hostname or "").encode("idna")  # as connecting does
    except ValueError:  # UnicodeError is one
        raise OptionError(advice) from None
    whole = parts.path in ("", "/") and not parts.query and not parts.fragment
    if parts.scheme not in PORTS or not parts.hostname or not whole:
        raise OptionError(advice)
    return Broker(
        host=parts.hostname,
        port=port or PORTS[parts.scheme],
        tls=parts.scheme == "mqtts",
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )
