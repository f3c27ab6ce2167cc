"""Why a broker cannot be reached, in words."""

import socket
import ssl


def reason_of(error: BaseException | None) -> str:
    """Return why a connection could not be made; it holds neither user nor password."""
    match error:
        case socket.gaierror():
            return f"its name is not found: {error.strerror}"
        case ssl.SSLCertVerificationError():
            return f"TLS: its certificate is not trusted: {error.verify_message}"
        case ssl.SSLError() | ConnectionResetError():
            return "TLS: the handshake failed; does it have TLS on that port?"
        case TimeoutError():
            return "no answer"
        case OSError():
            return error.strerror or "no connection"
    return "no connection"
