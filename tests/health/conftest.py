"""A real server."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from streamrec.health.metrics import Health
from streamrec.health.server import HealthServer


@pytest.fixture
def serve() -> Iterator[Callable[[Health], str]]:
    """Serve; return the address."""
    with ExitStack() as stack:

        def start(health: Health) -> str:
            server = HealthServer("0", health)
            stack.callback(server.close)
            return server.address

        yield start
