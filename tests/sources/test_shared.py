"""Pictures in memory that two sides see."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from streamrec.errors import SourceReadError
from streamrec.sources.shared import SLOTS, SharedPictures


@pytest.fixture
def sides():
    owner = SharedPictures()
    memory = owner.memory if sys.platform == "win32" else str(os.dup(int(owner.memory)))
    writer = SharedPictures(memory)
    yield owner, writer
    writer.close()
    owner.close()


def picture(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def test_what_one_side_writes_the_other_reads_in_every_slot(sides):
    owner, writer = sides
    for slot in range(SLOTS):
        writer.view(slot, 30, 40)[:] = picture(30, 40, slot)
    for slot in range(SLOTS):
        assert np.array_equal(owner.copy(slot, 30, 40), picture(30, 40, slot))


def test_a_slot_grows_and_the_others_keep_their_pictures(sides):
    owner, writer = sides
    writer.view(0, 30, 40)[:] = picture(30, 40)
    writer.view(1, 2, 2)[:] = picture(2, 2)
    assert np.array_equal(owner.copy(1, 2, 2), picture(2, 2))
    for height in (30, 1080, 30, 2160):
        writer.view(1, height, 1920)[:] = picture(height, 1920)
        assert np.array_equal(owner.copy(1, height, 1920), picture(height, 1920))
    assert np.array_equal(owner.copy(0, 30, 40), picture(30, 40))


def test_a_copy_does_not_change_with_the_slot(sides):
    owner, writer = sides
    writer.view(0, 4, 4)[:] = 1
    copied = owner.copy(0, 4, 4)
    writer.view(0, 4, 4)[:] = 2
    assert copied.max() == 1


def test_a_picture_larger_than_a_slot_is_an_error(sides):
    with pytest.raises(SourceReadError, match="20000 x 20000 are too large"):
        sides[1].view(0, 20000, 20000)


def test_closing_twice_is_fine_and_leaves_views_alone():
    pictures = SharedPictures()
    view = pictures.view(0, 4, 4)
    pictures.close()
    pictures.close()
    view[:] = 3
    assert view.min() == 3


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_it_has_a_name_in_no_folder():
    pictures = SharedPictures()
    assert "deleted" in str(Path(f"/proc/self/fd/{pictures.memory}").readlink())
    pictures.close()
