"""Who may connect to an endpoint."""

from streamrec.config import AccessOptions
from streamrec.errors import EndpointError
from streamrec.sockets.endpoint import Endpoint


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
