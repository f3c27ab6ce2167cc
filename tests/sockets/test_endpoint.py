"""Which endpoints are allowed, and which of them other machines can reach."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.errors import EndpointError
from streamrec.sockets.endpoint import parse_endpoint


@given(text=st.text(max_size=40) | st.text("tcp:/*[]@.%0123456789abh-_ \n", max_size=40))
def test_any_text_is_an_endpoint_or_one_kind_of_error(text):
    with contextlib.suppress(EndpointError):
        assert str(parse_endpoint(text)) == text


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("tcp://127.0.0.1:5570", "127.0.0.1", 5570),
        ("tcp://127.0.0.1:*", "127.0.0.1", 0),
        ("tcp://*:5570", "*", 5570),
        ("tcp://[::1]:5570", "[::1]", 5570),
        ("tcp://robot-1.local:5570", "robot-1.local", 5570),
    ],
)
def test_a_tcp_endpoint_has_host_and_port(text, host, port):
    endpoint = parse_endpoint(text)
    assert (endpoint.host, endpoint.port) == (host, port)


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("tcp://127.0.0.1:1", True),
        ("tcp://127.8.9.1:1", True),
        ("tcp://localhost:1", True),
        ("tcp://[::1]:1", True),
        ("ipc:///run/p.sock", True),
        ("inproc://p", True),
        ("tcp://*:1", False),
        ("tcp://0.0.0.0:1", False),
        ("tcp://[::]:1", False),
        ("tcp://10.0.0.1:1", False),
        ("tcp://[fe80::1%eth0]:1", False),
        ("tcp://eth0:1", False),
        ("tcp://localhost.example:1", False),
        ("tcp://127.0.0.1.example:1", False),
    ],
)
def test_only_this_machines_own_addresses_are_local(text, local):
    assert parse_endpoint(text).is_local is local
