"""Key files, and clients that connect with them."""

import os

import pytest
import zmq
from zmq.auth import load_certificate

from streamrec.errors import KeysError
from streamrec.sockets.keys import (
    connect_securely,
    new_keys,
    read_public_key,
    read_secret_key,
)

posix = pytest.mark.skipif(os.name != "posix", reason="modes of POSIX files")


def test_files_are_in_the_format_of_pyzmq(tmp_path):
    public_file, secret_file = new_keys("door", tmp_path)
    assert (public_file.name, secret_file.name) == ("door.key", "door.key_secret")
    public, secret = load_certificate(secret_file)
    assert load_certificate(public_file) == (public, None)
    assert zmq.curve_public(secret) == public
    assert read_public_key(public_file) == read_secret_key(secret_file).public == public


@posix
def test_the_secret_is_the_owners_own_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        _, secret_file = new_keys("door", tmp_path)
    finally:
        os.umask(before)
    assert secret_file.stat().st_mode & 0o777 == 0o600


@posix
def test_a_secret_that_others_can_read_is_refused_with_what_to_do(tmp_path):
    _, secret_file = new_keys("door", tmp_path)
    secret_file.chmod(0o640)
    with pytest.raises(KeysError, match=f"chmod 600 {secret_file}"):
        read_secret_key(secret_file)


@pytest.mark.parametrize("exists", ["door.key", "door.key_secret"])
def test_nothing_is_overwritten(tmp_path, exists):
    (tmp_path / exists).write_text("precious")
    with pytest.raises(KeysError, match="exists"):
        new_keys("door", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [exists]
    assert (tmp_path / exists).read_text() == "precious"


@pytest.mark.parametrize("name", ["", "../door", "a/b", ".hidden", "x" * 65, "a b", "a\n"])
def test_names_that_are_no_file_names_are_refused(tmp_path, name):
    with pytest.raises(KeysError, match="allowed"):
        new_keys(name, tmp_path)


def test_a_folder_that_is_not_there_is_made(tmp_path):
    public_file, secret_file = new_keys("door", tmp_path / "keys" / "clients")
    assert public_file.is_file()
    assert secret_file.is_file()


def test_a_folder_that_cannot_be_made_says_so(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(KeysError, match="cannot write keys"):
        new_keys("door", tmp_path / "file" / "clients")


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path):
    with pytest.raises(KeysError, match="there is no file"):
        read_public_key(tmp_path / "x.key")


@pytest.mark.parametrize("content", [None, "", "public-key", 'public-key = "short"', "\0\xff"])
def test_what_is_no_key_file_says_what_to_do(tmp_path, content):
    file = tmp_path / "x.key"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    with pytest.raises(KeysError, match="streamrec keys new"):
        read_public_key(file)


def test_a_public_file_is_no_secret_file(tmp_path):
    public_file, _ = new_keys("door", tmp_path)
    with pytest.raises(KeysError, match="key_secret"):
        read_secret_key(public_file)


def test_a_mixed_up_pair_is_refused_and_shows_no_secret(tmp_path):
    _, file = new_keys("door", tmp_path)
    pair = read_secret_key(file)
    other, _ = zmq.curve_keypair()
    file.write_text(file.read_text().replace(pair.public.decode(), other.decode()))
    with pytest.raises(KeysError, match="does not belong") as caught:
        read_secret_key(file)
    assert pair.secret.decode() not in str(caught.value)
    assert pair.secret.decode() not in repr(pair)


@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize("own", [False, True])
def test_a_client_talks_to_the_server_of_that_key(tmp_path, as_text, own):
    public_file, secret_file = new_keys("server", tmp_path)
    _, own_file = new_keys("client", tmp_path)
    pair = read_secret_key(secret_file)
    with zmq.Context() as context, context.socket(zmq.REP) as server:
        server.curve_server, server.curve_secretkey = True, pair.secret
        port = server.bind_to_random_port("tcp://127.0.0.1")
        with context.socket(zmq.REQ) as client:
            client.setsockopt(zmq.LINGER, 0)
            key = pair.public.decode() if as_text else public_file
            connect_securely(client, key, own_file if own else None)
            client.connect(f"tcp://127.0.0.1:{port}")
            client.send(b"hello")
            assert server.poll(5000)
            assert server.recv() == b"hello"
