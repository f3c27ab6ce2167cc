"""Who may connect to an endpoint."""

from pathlib import Path

from streamrec.config import AccessOptions
from streamrec.errors import EndpointError, KeysError
from streamrec.sockets.endpoint import Endpoint
from streamrec.sockets.keys import KeyPair, read_secret_key


def require_allowed(endpoint: Endpoint, access: AccessOptions, default: str) -> None:
    """Let no other machine connect without keys, unless that is wanted.

    Args:
        endpoint: where a socket is to be bound.
        access: what is allowed.
        default: an endpoint that could be taken instead, for the message.

    Raises:
        EndpointError: other machines could reach it, and there are no keys.
    """
    if endpoint.is_local or access.keys or access.insecure:
        return
    raise EndpointError(
        f"{endpoint} can be reached from other machines, and nothing is encrypted; take "
        f"{default}, make keys with `streamrec keys new`, or allow it with --insecure"
    )


def service_keys(access: AccessOptions) -> KeyPair | None:
    """Return the keys of a service; None where it has none.

    Raises:
        KeysError: they are missing, malformed or readable by others; or its clients have keys, and
            it has none.
    """
    if access.clients and not access.keys:
        raise KeysError("keys of clients need the service's own: give its secret key file, too")
    return read_secret_key(Path(access.keys)) if access.keys else None
