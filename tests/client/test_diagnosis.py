"""What is said of a server from which nothing comes; real sockets, real handshakes."""

import http.server
import socket
import threading
from contextlib import contextmanager

import pytest
import zmq

from streamrec.client import Subscriber, diagnosis
from streamrec.config import AccessOptions
from streamrec.sinks.zmq import ZmqPublisher
from streamrec.sockets.keys import new_keys


@pytest.fixture(autouse=True)
def _short_wait(monkeypatch):
    monkeypatch.setattr(diagnosis, "WAIT_S", 0.7)


@contextmanager
def publishing(**access):
    publisher = ZmqPublisher("tcp://127.0.0.1:*", access=AccessOptions(**access))
    ended = threading.Event()

    def turn():
        while not ended.wait(0.02):
            publisher.turn()

    turning = threading.Thread(target=turn)
    turning.start()
    yield publisher.endpoint
    ended.set()
    turning.join()
    publisher.close()


def why(endpoint, **keys):
    with Subscriber(endpoint, **keys) as subscriber:
        return subscriber.why_silent()


@pytest.fixture
def service(tmp_path):
    return new_keys("service", tmp_path)


@pytest.fixture
def stranger(tmp_path):
    return new_keys("stranger", tmp_path)


@pytest.mark.parametrize("endpoint", ["tcp://127.0.0.1:1", "tcp://a.invalid:5570"])
def test_that_nothing_listens_there(endpoint):
    assert why(endpoint) == f"nothing listens on {endpoint}; is the service running there?"


def test_that_it_is_there_and_quiet(service):
    with publishing() as endpoint:
        assert why(endpoint).endswith("lets us in, but says nothing")
    with publishing(keys=str(service[1])) as endpoint:
        assert why(endpoint, server_key=service[0]).endswith("lets us in, but says nothing")


def test_that_it_has_keys_and_none_was_given(service):
    with publishing(keys=str(service[1])) as endpoint:
        assert "has keys, and we gave none: give the server key" in why(endpoint)


def test_that_it_has_no_keys_and_one_was_given(service):
    with publishing() as endpoint:
        assert "has no keys, and we gave some" in why(endpoint, server_key=service[0])


def test_that_the_server_key_is_not_its_own(service, stranger):
    with publishing(keys=str(service[1])) as endpoint:
        assert "the server key is not its own" in why(endpoint, server_key=stranger[0])


def test_that_it_does_not_know_our_key(service, stranger, tmp_path):
    clients = tmp_path / "clients"
    clients.mkdir()
    with publishing(keys=str(service[1]), clients=str(clients)) as endpoint:
        said = why(endpoint, server_key=service[0], key=stranger[1])
        assert said.endswith("it does not know our key")
        said = why(endpoint, server_key=service[0])
        assert said.endswith("we gave no key of our own")


def test_that_it_is_something_else():
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert "is no service of streamrec" in why(f"tcp://127.0.0.1:{server.server_port}")
        server.shutdown()
    with socket.create_server(("127.0.0.1", 0)) as mute:
        assert "is no service of streamrec" in why(f"tcp://127.0.0.1:{mute.getsockname()[1]}")


def test_that_a_publisher_of_the_same_program_is_quiet():
    with zmq.Context.instance().socket(zmq.XPUB) as publisher:
        publisher.bind("inproc://quiet")
        assert why("inproc://quiet") == "inproc://quiet says nothing"
