"""What systemd wants to hear of a service of ``Type=notify``; nothing where it does not ask."""

import os
import socket
from contextlib import suppress


def notify(*facts: str) -> None:
    """Send ``READY=1``, ``WATCHDOG=1``, ``STOPPING=1`` and the like; never waits, never fails."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address or not hasattr(socket, "AF_UNIX"):
        return
    if address.startswith("@"):  # Linux's abstract sockets
        address = f"\0{address[1:]}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender, suppress(OSError):
        sender.setblocking(False)
        sender.sendto("\n".join(facts).encode(), address)
