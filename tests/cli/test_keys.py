"""``streamrec keys``."""

import pytest
from zmq.auth import load_certificate


def test_a_new_pair_can_be_shown_but_for_its_secret(cli, tmp_path):
    assert cli("keys", "new", "door", "--to", tmp_path).code == 0
    public, secret = load_certificate(tmp_path / "door.key_secret")
    for name in ("door.key", "door.key_secret"):
        shown = cli("keys", "show", tmp_path / name)
        assert shown.out.split() == [public.decode()]
        assert secret.decode() not in shown.out + shown.err


def test_keys_are_not_overwritten(cli, tmp_path):
    cli("keys", "new", "door", "--to", tmp_path)
    before = (tmp_path / "door.key_secret").read_bytes()
    cli("keys", "new", "door", "--to", tmp_path).fails(5, "exists")
    assert (tmp_path / "door.key_secret").read_bytes() == before


@pytest.mark.parametrize("name", ["../door", "a b", ""])
def test_a_name_that_is_no_file_name_is_refused(cli, tmp_path, name):
    cli("keys", "new", name, "--to", tmp_path).fails(5, "allowed")


def test_a_file_without_keys_says_what_to_do(cli, tmp_path):
    cli("keys", "show", tmp_path / "none.key").fails(5, "streamrec keys new")
