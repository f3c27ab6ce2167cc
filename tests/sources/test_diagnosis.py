"""Why a network source did not open, asked of real servers."""

import socket
import threading
from contextlib import contextmanager

import pytest

from streamrec.sources import diagnosis
from streamrec.sources.diagnosis import why_not_opened


@contextmanager
def answering(answer):
    """A server that gives this answer; yields its address and what it was asked."""
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            connection, _ = server.accept()
            with connection:
                asked.append(connection.recv(4096))
                connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}", asked
        thread.join(10)


@pytest.mark.parametrize(
    ("credentials", "status", "reason"),
    [
        ("joe:s3cret@", 401, "user name or password refused (401)"),
        ("", 401, "it wants a user name and password (401)"),
        ("", 403, "it wants a user name and password (403)"),
        ("", 404, "no such path on the server (404)"),
        ("", 200, "it answers (200), but sent no video"),
        ("", 302, "it answers (302), but sent no video"),
        ("", 503, "answered with status 503"),
    ],
)
@pytest.mark.parametrize("scheme", ["rtsp", "http"])
def test_a_status_is_put_into_words(scheme, credentials, status, reason):
    protocol = {"rtsp": "RTSP/1.0", "http": "HTTP/1.1"}[scheme]
    with answering(f"{protocol} {status} Reason\r\n\r\n".encode()) as (address, asked):
        assert reason in why_not_opened(f"{scheme}://{credentials}{address}/live?channel=1")
    assert b"/live?channel=1" in asked[0]
    assert b"s3cret" not in asked[0] and b"joe" not in asked[0]


@pytest.mark.parametrize("answer", [b"", b"\r\n", b"garbage\r\n", b"SSH-2.0-server x\r\n"])
def test_an_answer_that_is_none(answer):
    with answering(answer) as (address, _):
        said = why_not_opened(f"rtsp://{address}/live")
    assert said == f"no connection to {address}: it was broken off"


def test_nothing_listens():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{closed.getsockname()[1]}"
        assert why_not_opened(f"rtsp://{address}/live") == f"nothing listens on {address}"


def test_a_server_that_says_nothing(monkeypatch):
    monkeypatch.setattr(diagnosis, "_TIMEOUT_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        assert why_not_opened(f"http://{address}/") == f"{address} does not answer"


def test_a_server_that_cannot_speak_tls():
    with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as (address, _):
        assert why_not_opened(f"https://{address}/").startswith(f"no connection to {address}: ")


def test_over_udp_nobody_can_be_asked():
    assert "is the sender running" in why_not_opened("udp://127.0.0.1:5000")
