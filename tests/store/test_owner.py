"""One service for each store."""

import os

import pytest

from streamrec.errors import StoreError
from streamrec.store.owner import Claim
from streamrec.store.place import store_place


def test_a_store_is_claimed_although_nothing_can_be_written_beside_it(tmp_path):
    (tmp_path / "spool.owner").mkdir()
    claim = Claim(tmp_path / "spool", os.getpid())
    claim.take(0.0)
    with pytest.raises(StoreError, match="another service"):
        Claim(tmp_path / "spool", os.getpid()).take(0.0)
    claim.release()


@pytest.mark.skipif(os.name != "posix", reason="links may need rights")
def test_a_link_to_a_database_is_the_same_store(tmp_path):
    (tmp_path / "events.db").touch()
    (tmp_path / "link.db").symlink_to("events.db")
    spools = {store_place(str(tmp_path / name)).spool for name in ("events.db", "link.db")}
    assert len(spools) == 1
