"""The control socket of a service, over real sockets."""

import os
import signal
import threading
import time
from contextlib import closing

import msgspec
import pytest
import zmq

from streamrec.config import AccessOptions
from streamrec.errors import EndpointError, OptionError, SourceError
from streamrec.service import control
from streamrec.service.control import (
    MAX_REQUEST_BYTES,
    Add,
    ControlServer,
    Done,
    Enable,
    List,
    Remove,
    TakeSnapshot,
    ask,
)
from streamrec.sockets.keys import new_keys


@pytest.fixture
def raw(service):
    """A service, and a socket that is connected to it."""
    running = service({"door": "live", "mute": "mute"})
    running.wait_live("door", "mute")
    with zmq.Context() as context, context.socket(zmq.REQ) as client:
        client.setsockopt(zmq.LINGER, 0)
        client.setsockopt(zmq.RCVTIMEO, 10_000)
        client.connect(running.supervisor.controlled_at)
        yield client


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"",
        b"{",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"type": "explode"}',
        b'{"type": "remove"}',
        b'{"type": "remove", "camera": 3}',
        b'{"type": "add", "camera": "x", "settings": {"source": ["a"]}}',
    ],
    ids=range(9),
)
def test_what_is_no_request_is_refused(raw, request_bytes):
    raw.send(request_bytes)
    assert msgspec.json.decode(raw.recv())["type"] == "refused"
    raw.send(b'{"type": "list"}')
    assert msgspec.json.decode(raw.recv())["type"] == "cameras"


def test_a_snapshot_that_does_not_come_is_refused_and_holds_up_nobody(service, monkeypatch):
    monkeypatch.setattr("streamrec.service.snapshots.SNAPSHOT_S", 1.0)
    running = service({"mute": "mute"})
    running.wait_live("mute")
    with zmq.Context() as context, context.socket(zmq.REQ) as client:
        client.setsockopt(zmq.LINGER, 0)
        client.connect(running.supervisor.controlled_at)
        client.send(b'{"type": "snapshot", "camera": "mute"}')
        started_s = time.monotonic()
        running.ask(List())
        assert time.monotonic() - started_s < 0.9
        assert client.poll(10_000)
        answer = msgspec.json.decode(client.recv())
    assert "none came within 1 s" in answer["text"]


def test_a_client_that_goes_away_costs_nothing(service):
    running = service({"door": "live"})
    running.wait_live("door")
    for _ in range(20):
        with zmq.Context() as context, context.socket(zmq.REQ) as client:
            client.setsockopt(zmq.LINGER, 100)
            client.connect(running.supervisor.controlled_at)
            client.send(b'{"type": "snapshot", "camera": "door"}')
    assert running.cameras().keys() == {"door"}


@pytest.mark.parametrize("request_of", [Remove, Enable, TakeSnapshot])
def test_a_camera_that_is_not_there_names_the_nearest(service, request_of):
    running = service({"front-door": "live"})
    with pytest.raises(OptionError, match=r"no camera 'front_door'; did you mean front-door\?"):
        running.ask(request_of("front_door"))


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("door", {"source": "live"}, "there is a camera 'door' already"),
        ("yard", {}, "source"),
        ("yard", {"source": "live", "rate": -1}, "rate"),
        ("yard", {"source": "live", "colour": "red"}, "colour"),
        ("no/slash", {"source": "live"}, "name"),
    ],
)
def test_a_camera_that_is_wrong_is_not_added(service, name, settings, words):
    running = service({"door": "live"})
    with pytest.raises(OptionError, match=words):
        running.ask(Add(name, settings))
    assert running.cameras().keys() == {"door"}


def test_a_camera_that_is_off_has_no_picture(service):
    running = service({"door": {"source": "live", "enabled": False}})
    with pytest.raises(SourceError, match="door is not watched: in the configuration"):
        running.ask(TakeSnapshot("door"))


def test_passwords_are_not_shown(service):
    running = service({"door": "rtsp://user:secret@camera/1"})
    assert running.cameras()["door"].source == "rtsp://***@camera/1"


def test_other_machines_are_let_in_only_if_that_is_wanted():
    with pytest.raises(EndpointError, match="insecure"):
        ControlServer("tcp://0.0.0.0:*")
    ControlServer("tcp://0.0.0.0:*", AccessOptions(insecure=True)).close()


def test_two_services_cannot_share_an_endpoint():
    first = ControlServer("tcp://127.0.0.1:*")
    with pytest.raises(EndpointError, match="in use"):
        ControlServer(first.endpoint)
    first.close()


def test_no_service_is_said_so():
    with pytest.raises(EndpointError, match=r"no service answers on .*streamrec serve"):
        ask("tcp://127.0.0.1:9", List(), timeout_s=0.2)


@pytest.mark.parametrize("kind", msgspec.inspect.type_info(control.Request).types)
def test_every_request_travels(kind):
    fields = {field.name: "x" for field in kind.fields} | (
        {"settings": {"source": "x", "rate": 1.5, "mirror": True}} if kind.cls is Add else {}
    )
    request = kind.cls(**fields)
    decoded = msgspec.json.decode(msgspec.json.encode(request), type=control.Request)
    assert decoded == request


def test_a_file_at_the_path_of_the_control_socket_is_not_deleted(tmp_path):
    precious = tmp_path / "c.sock"
    precious.write_text("precious")
    with pytest.raises(EndpointError, match=r"cannot take commands on .* exists already"):
        ControlServer(f"ipc://{precious}")
    assert precious.read_text() == "precious"


def test_a_second_service_does_not_take_over_the_socket_of_the_first(tmp_path):
    if not zmq.has("ipc"):
        pytest.skip("this system has no ipc:// transport")
    path = tmp_path / "c.sock"
    first = ControlServer(f"ipc://{path}")
    with pytest.raises(EndpointError, match="exists already"):
        ControlServer(first.endpoint)
    assert path.exists()
    first.close()
    assert not path.exists()


def test_all_who_wait_for_a_cameras_picture_get_it_from_one_request(service):
    running = service({"door": "live"})
    running.wait_live("door")
    with zmq.Context() as context, context.socket(zmq.DEALER) as client:
        client.setsockopt(zmq.LINGER, 0)
        client.setsockopt(zmq.RCVTIMEO, 10_000)
        client.connect(running.supervisor.controlled_at)
        for _ in range(3000):
            client.send_multipart([b"", msgspec.json.encode(TakeSnapshot("door"))])
        pictures = [client.recv_multipart()[-1] for _ in range(3000)]
    assert set(pictures) == {b"picture of door"}


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="signals of POSIX")
def test_thousands_who_ask_a_worker_that_hangs_for_pictures_hold_up_nobody(service):
    running = service({"door": "live", "yard": "live"}, workers=2)
    reports = running.wait_live("door", "yard")
    os.kill(int(reports["door"].status.model.removeprefix("worker-")), signal.SIGSTOP)
    with zmq.Context() as context, context.socket(zmq.DEALER) as client:
        client.setsockopt(zmq.LINGER, 0)
        client.connect(running.supervisor.controlled_at)
        for _ in range(3000):
            client.send_multipart([b"", msgspec.json.encode(TakeSnapshot("door"))])
        for _ in range(20):
            running.ask(List())
            time.sleep(0.05)


@pytest.fixture
def keys(tmp_path):
    """Keys of a service and of two clients, of which it knows one."""
    (tmp_path / "clients").mkdir()
    new_keys("service", tmp_path)
    new_keys("known", tmp_path / "clients")
    new_keys("stranger", tmp_path)
    return tmp_path


def answers(server, **options):
    """What a client of these options gets from a server that answers all requests."""
    ended = threading.Event()

    def serve():
        while not ended.is_set():
            for client, _ in server.requests():
                server.answer(client, Done("done"))
            server.sockets[0].poll(10)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        return ask(server.endpoint, List(), **options)[0]
    finally:
        ended.set()
        thread.join()


def test_with_keys_only_known_clients_are_obeyed(keys):
    access = AccessOptions(keys=str(keys / "service.key_secret"), clients=str(keys / "clients"))
    own, known = str(keys / "service.key"), keys / "clients" / "known.key_secret"
    with closing(ControlServer("tcp://127.0.0.1:*", access)) as server:
        assert answers(server, server_key=own, key=known) == Done("done")
        for others in (
            {},
            {"server_key": own},
            {"server_key": own, "key": keys / "stranger.key_secret"},
            {"server_key": str(keys / "stranger.key"), "key": known},
        ):
            with pytest.raises(EndpointError, match="--server-key"):
                answers(server, timeout_s=0.3, **others)


def test_a_request_that_is_too_long_ends_its_connection_only(raw):
    raw.send(b"x" * (MAX_REQUEST_BYTES + 1))
    with zmq.Context() as context, context.socket(zmq.REQ) as client:
        client.connect(raw.getsockopt_string(zmq.LAST_ENDPOINT))
        client.send(b'{"type": "list"}')
        assert client.poll(5000)
