"""One service for each store."""

import os

import pytest

from streamrec.errors import StoreError
from streamrec.store.owner import Claim


def test_a_store_is_claimed_although_nothing_can_be_written_beside_it(tmp_path):
    (tmp_path / "spool.owner").mkdir()
    claim = Claim(tmp_path / "spool", os.getpid())
    claim.take(0.0)
    with pytest.raises(StoreError, match="another service"):
        Claim(tmp_path / "spool", os.getpid()).take(0.0)
    claim.release()
