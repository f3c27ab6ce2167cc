"""The gate, before a publisher, over real sockets."""

import shutil
import socket
import sys
import time
from contextlib import ExitStack, closing, contextmanager
from importlib import import_module
from pathlib import Path

import pytest
import zmq

from streamrec.config import AccessOptions
from streamrec.errors import KeysError
from streamrec.sinks.zmq import ZmqPublisher
from streamrec.sockets import files, gate
from streamrec.sockets.keys import connect_securely, new_keys

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
ANY_PORT = "tcp://127.0.0.1:*"


@pytest.fixture
def keys(tmp_path):
    """Keys of a service and of two clients, of which it knows one."""
    (tmp_path / "clients").mkdir()
    new_keys("service", tmp_path)
    new_keys("known", tmp_path / "clients")
    new_keys("stranger", tmp_path)
    return tmp_path


@contextmanager
def publishing(keys, *, clients=True, endpoint=ANY_PORT):
    """A publisher with keys that has something for who comes."""
    known = str(keys / "clients") if clients else ""
    access = AccessOptions(keys=str(keys / "service.key_secret"), clients=known)
    with closing(ZmqPublisher(endpoint, access=access)) as publisher:
        publisher.heartbeat(0, 0, None)
        yield publisher


@contextmanager
def client(publisher, *keys):
    with zmq.Context() as context, context.socket(zmq.SUB) as subscriber:
        subscriber.setsockopt(zmq.LINGER, 0)
        subscriber.setsockopt(zmq.SUBSCRIBE, b"")
        if keys:
            connect_securely(subscriber, *keys)
        subscriber.connect(publisher.endpoint)
        yield subscriber


def serve(publisher, until, seconds=5.0):
    """Go round until something is so; return whether it became so."""
    end_s = time.monotonic() + seconds
    while not (done := until()) and time.monotonic() < end_s:
        publisher.turn()
        time.sleep(0.005)
    return bool(done)


def served(publisher, subscriber, seconds=5.0):
    return serve(publisher, lambda: subscriber.poll(0), seconds)


def test_clients_are_let_in_by_their_keys(keys):
    known, stranger = keys / "clients" / "known.key_secret", keys / "stranger.key_secret"
    own = keys / "service.key"
    with publishing(keys) as publisher:
        with client(publisher, own, known) as subscriber:
            assert served(publisher, subscriber)
        for wrong in ((), (own,), (own, stranger), (keys / "stranger.key", known)):
            refused = publisher.counts.refused
            with client(publisher, *wrong) as subscriber:
                assert serve(publisher, lambda r=refused: publisher.counts.refused > r)
                assert not served(publisher, subscriber, 0.2)


def test_without_a_folder_all_that_know_the_services_key_are_let_in(keys):
    with publishing(keys, clients=False) as publisher:
        with client(publisher, keys / "service.key") as subscriber:
            assert served(publisher, subscriber)
        with client(publisher) as subscriber:
            assert not served(publisher, subscriber, 0.3)


def test_a_client_that_is_added_gets_in_and_one_that_is_removed_gets_out(keys, monkeypatch):
    monkeypatch.setattr(gate, "HANDSHAKE_MS", 300)  # a stranger tries again after that
    own, late = keys / "service.key", keys / "stranger.key_secret"
    with (
        publishing(keys) as publisher,
        client(publisher, own, keys / "clients" / "known.key_secret") as early,
        client(publisher, own, late) as other,
    ):
        assert served(publisher, early)
        assert not served(publisher, other, 0.3)
        shutil.copy(keys / "stranger.key", keys / "clients")
        (keys / "clients" / "broken.key").write_text("no key")
        assert served(publisher, other)
        (keys / "clients" / "known.key").unlink()
        assert serve(publisher, lambda: publisher.counts.kicked == 1)
        assert serve(publisher, lambda: publisher.counts.subscribers == 1)


def test_a_key_that_is_none_is_told_once_however_many_sockets_there_are(keys, caplog):
    (keys / "clients" / "broken.key").write_text("no key")
    with publishing(keys), publishing(keys):
        assert ["broken.key" in text for text in caplog.messages] == [True]


def test_each_of_many_clients_gets_past_the_gate(keys):
    known = keys / "clients" / "known.key_secret"
    with publishing(keys) as publisher, zmq.Context() as context:
        clients = [context.socket(zmq.SUB) for _ in range(50)]
        for each in clients:
            each.setsockopt(zmq.SUBSCRIBE, b"streamrec/")
            connect_securely(each, keys / "service.key", known)
            each.connect(publisher.endpoint)
        assert serve(publisher, lambda: publisher.counts.subscribers == 50)
        assert all(served(publisher, each) for each in clients)
        context.destroy(0)


@pytest.mark.skipif(not zmq.has("ipc"), reason="this system has no ipc:// transport")
def test_sockets_of_this_machine_stay_plain(keys):
    for endpoint in (f"ipc://{keys}/p.sock", "inproc://guarded"):
        with publishing(keys, endpoint=endpoint) as publisher:
            context = zmq.Context.instance()
            with context.socket(zmq.SUB) as subscriber:
                subscriber.setsockopt(zmq.SUBSCRIBE, b"")
                subscriber.connect(publisher.endpoint)
                assert served(publisher, subscriber)


@pytest.mark.parametrize(
    "options",
    [{"clients": "."}, {"keys": "none.key_secret"}, {"keys": "own", "clients": "none"}],
)
def test_keys_that_are_not_there_are_said_so(keys, options):
    options = {k: str(keys / "service.key_secret") if v == "own" else v for k, v in options.items()}
    with pytest.raises(KeysError, match="key"):
        ZmqPublisher(ANY_PORT, access=AccessOptions(**options))


def test_who_holds_all_connections_and_says_nothing_keeps_nobody_out(monkeypatch):
    monkeypatch.setattr(gate, "MOST_CONNECTIONS", 3)
    with (
        closing(ZmqPublisher(ANY_PORT)) as publisher,
        client(publisher) as good,
        ExitStack() as held,
    ):
        publisher.heartbeat(0, 0, None)
        assert served(publisher, good)
        good.recv_multipart()
        at = ("127.0.0.1", int(publisher.endpoint.rpartition(":")[2]))
        for _ in range(6):
            held.enter_context(socket.create_connection(at))
        assert serve(publisher, lambda: publisher.counts.kicked == 4)
        with client(publisher) as later:
            assert served(publisher, later)
            assert publisher.counts.kicked == 5
        publisher.heartbeat(0, 0, None)
        assert good.poll(5000)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of 127.0.0.0/8")
def test_a_host_that_holds_all_connections_keeps_no_other_host_out(monkeypatch):
    monkeypatch.setattr(gate, "MOST_CONNECTIONS", 3)
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    attacks = import_module("attacks")
    with closing(ZmqPublisher(ANY_PORT)) as publisher, ExitStack() as held:
        port = int(publisher.endpoint.rpartition(":")[2])
        for number in range(1, 4):
            held.enter_context(attacks.guest(port, "127.0.0.2")).sendall(b"\0\1\1")
            assert serve(publisher, lambda n=number: publisher.counts.subscribers == n)
        publisher.heartbeat(0, 0, None)
        with client(publisher) as good:
            assert served(publisher, good)
            assert publisher.counts.kicked == 1


def test_where_all_say_something_the_newest_is_cut(monkeypatch):
    monkeypatch.setattr(gate, "MOST_CONNECTIONS", 1)
    with closing(ZmqPublisher(ANY_PORT)) as publisher, client(publisher) as good:
        assert serve(publisher, lambda: publisher.counts.subscribers == 1)
        with client(publisher):
            assert serve(publisher, lambda: publisher.counts.kicked == 1)
        publisher.heartbeat(0, 0, None)
        assert served(publisher, good)


@pytest.mark.parametrize("limit", ["MOST_SUBSCRIPTIONS", "MOST_IN_ALL"])
def test_one_that_subscribes_to_too_much_is_cut_and_the_others_stay(monkeypatch, limit):
    monkeypatch.setattr(gate, limit, 20)
    with closing(ZmqPublisher(ANY_PORT)) as publisher, client(publisher) as good:
        assert serve(publisher, lambda: publisher.counts.subscribers == 1)
        with client(publisher) as greedy:
            for number in range(30):
                greedy.setsockopt(zmq.SUBSCRIBE, str(number).encode())
            assert serve(publisher, lambda: publisher.counts.kicked > 0)
        publisher.heartbeat(0, 0, None)
        assert good.poll(5000)


def test_subscriptions_that_are_given_back_do_not_count(monkeypatch):
    monkeypatch.setattr(gate, "MOST_SUBSCRIPTIONS", 10)
    with closing(ZmqPublisher(ANY_PORT)) as publisher, client(publisher) as restless:
        for number in range(50):
            restless.setsockopt(zmq.SUBSCRIBE, str(number).encode())
            restless.setsockopt(zmq.UNSUBSCRIBE, str(number).encode())
        assert serve(publisher, lambda: publisher.counts.subscribers == 1)
        assert not serve(publisher, lambda: publisher.counts.kicked, 0.5)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what has come in")
def test_one_whose_message_does_not_end_is_cut_and_the_others_stay(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    attacks = import_module("attacks")
    with closing(ZmqPublisher(ANY_PORT)) as publisher, client(publisher) as good:
        assert serve(publisher, lambda: publisher.counts.subscribers == 1)
        with attacks.guest(int(publisher.endpoint.rpartition(":")[2])) as endless:
            endless.sendall((b"\1\xc8" + b"\2" * 200) * (gate.UNFINISHED_BYTES // 200))
            assert serve(publisher, lambda: publisher.counts.kicked == 1)
        publisher.heartbeat(0, 0, None)
        assert served(publisher, good)


def test_one_whose_messages_end_may_say_as_much_as_it_likes(monkeypatch):
    monkeypatch.setattr(gate, "UNFINISHED_BYTES", 1000)
    with closing(ZmqPublisher(ANY_PORT)) as publisher, client(publisher) as talkative:
        for number in range(300):
            talkative.setsockopt(zmq.SUBSCRIBE, b"%0100d" % number)
            talkative.setsockopt(zmq.UNSUBSCRIBE, b"%0100d" % number)
            publisher.turn()
        publisher.heartbeat(0, 0, None)
        assert served(publisher, talkative)
        assert not serve(publisher, lambda: publisher.counts.kicked, 0.2)


def test_only_connections_of_the_endpoint_are_shut_down(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as other, server.accept()[0] as accepted:
            files.shut_down(accepted.fileno(), "tcp://127.0.0.1:1")
            files.shut_down(server.fileno(), f"tcp://127.0.0.1:{port}")
            with (tmp_path / "file").open("w") as file:
                files.shut_down(file.fileno(), f"tcp://127.0.0.1:{port}")
            files.shut_down(999_999, f"tcp://127.0.0.1:{port}")
            other.settimeout(0.05)
            with pytest.raises(TimeoutError):
                other.recv(1)
            files.shut_down(accepted.fileno(), f"tcp://127.0.0.1:{port}")
            assert other.recv(1) == b""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_many_connections_are_allowed_as_far_as_the_system_allows():
    import resource

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
        files.allow_many_files()
        assert files.most_files() == min(before[1], files.WANTED_FILES)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
