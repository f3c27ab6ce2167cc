"""HTTP, as Prometheus, a browser and a hostile client speak it."""

import http.client
import json
import socket
import threading
import time
from contextlib import ExitStack

import pytest
from health_feed import fed_health, status
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_open
from prometheus_client.parser import text_string_to_metric_families as parse

from streamrec.errors import EndpointError, OptionError
from streamrec.health import server as server_module
from streamrec.health.metrics import Health
from streamrec.health.server import CONNECTIONS, HealthServer


def ask(address, path, method="GET", headers=None):
    connection = http.client.HTTPConnection(address, timeout=10)
    connection.request(method, path, headers=headers or {})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


def connect(address):
    host, port = address.split(":")
    return socket.create_connection((host, int(port)), timeout=10)


def rest(connection):
    """Read until the other side closes, in whatever way."""
    parts = []
    try:
        while part := connection.recv(65536):
            parts.append(part)
    except ConnectionError:
        pass
    return b"".join(parts)


def threads():
    return sum("process_request_thread" in thread.name for thread in threading.enumerate())


def test_metrics_are_text_that_prometheus_reads(serve):
    response, body = ask(serve(fed_health()), "/metrics")
    assert response.status == 200
    assert response.getheader("Content-Type") == "text/plain; version=0.0.4; charset=utf-8"
    assert "streamrec_predictions" in {family.name for family in parse(body.decode())}


def test_metrics_are_open_metrics_for_who_accepts_them(serve):
    accept = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3"
    response, body = ask(serve(fed_health()), "/metrics", headers={"Accept": accept})
    assert response.getheader("Content-Type").startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")
    assert "streamrec_predictions" in {family.name for family in parse_open(body.decode())}


def test_health_is_ok_while_the_loop_goes_round_and_not_when_it_stands_still(serve, monkeypatch):
    address = serve(Health())
    response, body = ask(address, "/healthz")
    assert response.status == 200 and json.loads(body)["healthy"] is True
    monkeypatch.setattr("streamrec.health.metrics.SILENCE_S", -1.0)
    response, body = ask(address, "/healthz")
    assert response.status == 503 and json.loads(body)["healthy"] is False


def test_readiness_says_what_is_missing(serve):
    health = Health(store=True)
    health.turn()
    address = serve(health)
    response, body = ask(address, "/readyz")
    assert response.status == 503
    assert json.loads(body) == {
        "ready": False,
        "missing": ["the store has not answered yet"],
    }
    response, body = ask(serve(fed_health()), "/readyz")
    assert response.status == 200 and json.loads(body) == {"ready": True, "missing": []}


def test_head_has_no_body(serve):
    response, body = ask(serve(Health()), "/healthz", "HEAD")
    assert (response.status, body) == (200, b"")
    assert int(response.getheader("Content-Length")) > 0


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [("GET", "/", 404), ("GET", "/metrics/../etc", 404), ("POST", "/metrics", 405)],
)
def test_there_is_nothing_else(serve, method, path, expected):
    response, _ = ask(serve(Health()), path, method)
    assert response.status == expected


def test_what_serves_says_no_version_and_logs_nothing(serve, capsys):
    response, _ = ask(serve(Health()), "/metrics")
    assert response.getheader("Server") == "streamrec"
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "request_",
    [b"\0" * 100, b"GET\r\n\r\n", b"\x16\x03\x01\x02\x00", b"GET /metrics HTTP/9.9\r\n\r\n", b""],
)
def test_garbage_is_answered_or_not_and_nothing_is_printed(serve, capsys, request_):
    address = serve(Health())
    with connect(address) as connection:
        connection.sendall(request_)
        connection.shutdown(socket.SHUT_WR)
        rest(connection)
    assert ask(address, "/healthz")[0].status == 200
    assert capsys.readouterr() == ("", "")


def test_of_an_endless_request_only_a_little_is_read(serve, capsys):
    address = serve(Health())
    with connect(address) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\n")
        sent = 0
        try:
            while sent < 64 * 2**20:
                sent += connection.send(b"X: " + b"x" * 65000 + b"\r\n")
        except OSError:
            pass
    assert sent < 64 * 2**20
    assert ask(address, "/healthz")[0].status == 200
    assert capsys.readouterr() == ("", "")


def test_a_connection_that_says_nothing_or_one_byte_at_a_time_is_ended(serve, monkeypatch):
    monkeypatch.setattr(server_module, "REQUEST_S", 0.3)
    address = serve(Health())
    with connect(address) as silent, connect(address) as slow:
        slow.sendall(b"GET /metrics HTTP/1.1\r\n")
        end_s = time.monotonic() + 10.0
        with pytest.raises(OSError):
            while time.monotonic() < end_s:
                slow.sendall(b"X")
                time.sleep(0.05)
        assert rest(silent) == b""


def test_more_connections_than_there_are_places_keep_nobody_out(serve):
    address, before = serve(Health()), threads()
    with ExitStack() as stack:
        for _ in range(3 * CONNECTIONS):
            stack.enter_context(connect(address)).sendall(b"GET /metrics HTTP/1.1\r\n")
        assert ask(address, "/healthz")[0].status == 200
        assert threads() - before <= CONNECTIONS


def test_metrics_are_made_once_however_often_they_are_asked_for(serve):
    health, made = Health(), []

    class Slow:
        def collect(self):
            made.append(1)
            return []

    health.registry.register(Slow())
    before, address, begun_s = len(made), serve(health), time.monotonic()
    for _ in range(20):
        ask(address, "/metrics")
    assert len(made) - before <= 1 + (time.monotonic() - begun_s)


def test_a_port_in_use_is_refused_with_what_to_do(serve):
    address = serve(Health())
    with pytest.raises(EndpointError, match=f"cannot serve metrics on {address}: .*stop the prog"):
        HealthServer(address, Health())


def test_another_machines_address_is_refused():
    with pytest.raises(EndpointError, match=r"cannot serve metrics on 192\.0\.2\.1:9464"):
        HealthServer("192.0.2.1:9464", Health())


def test_a_malformed_address_is_refused():
    with pytest.raises(OptionError, match="metrics are served at a port"):
        HealthServer("tcp://127.0.0.1:9464", Health())


def test_it_serves_on_ipv6():
    try:
        server = HealthServer("[::1]:0", Health())
    except EndpointError:
        pytest.skip("this machine has no IPv6")
    assert ask(server.address, "/healthz")[0].status == 200
    server.close()


def test_after_closing_the_port_is_free_and_closing_again_does_nothing():
    server = HealthServer("0", Health())
    ask(server.address, "/healthz")
    server.close()
    server.close()
    again = HealthServer(server.address, Health())
    again.close()


def test_a_camera_that_is_added_is_in_the_metrics_within_a_second(serve, monkeypatch):
    monkeypatch.setattr(server_module, "FRESH_S", 0.0)
    health = Health()
    address = serve(health)
    ask(address, "/metrics")
    health.told(status("yard"))
    assert b'camera="yard"' in ask(address, "/metrics")[1]
