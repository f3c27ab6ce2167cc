"""One service for each store."""

import os

import pytest

from streamrec.errors import StoreError
from streamrec.store.owner import Claim
from streamrec.store.place import make_own_folder, store_place


def test_a_store_is_claimed_although_nothing_can_be_written_beside_it(tmp_path):
    (tmp_path / "spool.owner").mkdir()
    claim = Claim(tmp_path / "spool", os.getpid())
    claim.take(0.0)
    with pytest.raises(StoreError, match=r"another service .* 'store' in the configuration"):
        Claim(tmp_path / "spool", os.getpid()).take(0.0)
    claim.release()


def test_a_folder_that_a_store_was_given_is_not_made(tmp_path):
    place = store_place(str(tmp_path / "disk" / "data" / "events.db"))
    make_own_folder(place)
    with pytest.raises(StoreError, match=f"no folder {tmp_path / 'disk' / 'data'} .* mount"):
        Claim(place.spool, os.getpid()).take(0.0)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("store", ["auto", "postgresql://a@b/c", "own/data/mine.db"])
def test_the_users_own_folder_is_made(tmp_path, monkeypatch, store):
    monkeypatch.setenv("STREAMREC_HOME", str(tmp_path / "own" / "data"))
    place = store_place(store, base=tmp_path)
    make_own_folder(place)
    claim = Claim(place.spool, os.getpid())
    claim.take(0.0)
    claim.release()


def test_a_store_that_cannot_be_written_is_named_with_what_to_do(tmp_path):
    place = store_place(str(tmp_path / "events.db"))
    place.spool.with_name("events.db.spool.lock").mkdir()
    with pytest.raises(StoreError) as caught:
        Claim(place.spool, os.getpid()).take(0.0)
    assert str(caught.value).startswith(f"the store in {tmp_path} cannot be written: ")
    assert "let this user write there" in str(caught.value)


@pytest.mark.skipif(os.name != "posix", reason="links may need rights")
def test_a_link_to_a_database_is_the_same_store(tmp_path):
    (tmp_path / "events.db").touch()
    (tmp_path / "link.db").symlink_to("events.db")
    spools = {store_place(str(tmp_path / name)).spool for name in ("events.db", "link.db")}
    assert len(spools) == 1
