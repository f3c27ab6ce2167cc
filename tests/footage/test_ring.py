"""Bounds of what is held in memory."""

from hypothesis import given
from hypothesis import strategies as st

from streamrec.footage.ring import Ring, Shot


def filled(ring: Ring, seconds: range, size: int = 10, needed_s: float = float("inf")) -> Ring:
    for second in seconds:
        ring.push(Shot(float(second), bytes(size)))
        ring.let_go(needed_s)
    return ring


def held(ring: Ring) -> list[float]:
    return [shot.captured_s for shot in ring.between(-1e9, 1e9)]


def test_pictures_go_after_some_seconds():
    assert held(filled(Ring(5.0), range(100))) == [94, 95, 96, 97, 98, 99]


def test_what_is_needed_stays():
    assert held(filled(Ring(5.0), range(100), needed_s=50)) == list(range(50, 100))


def test_what_nobody_needs_takes_half_of_the_bytes_and_what_is_needed_all_of_them():
    assert len(filled(Ring(1e6, most_bytes=100), range(100))) == 5
    assert len(filled(Ring(1e6, most_bytes=100), range(100), needed_s=0)) == 10


def test_one_picture_is_held_however_large():
    assert held(filled(Ring(5.0, most_bytes=5), range(3))) == [2]


def test_a_clock_that_is_set_back_begins_anew():
    ring = filled(Ring(5.0), range(10))
    assert held(filled(ring, range(3, 5))) == [3, 4]


def test_the_nearest_picture_to_a_moment():
    ring = filled(Ring(5.0), range(10))
    assert [ring.nearest(at).captured_s for at in (0.0, 6.4, 6.6, 99.0)] == [4, 6, 7, 9]
    assert Ring(5.0).nearest(1.0) is None


@given(st.lists(st.tuples(st.floats(-50, 50), st.integers(0, 60), st.floats(-50, 50))))
def test_no_more_is_ever_held_than_allowed_and_the_newest_always_is(pushes):
    ring = Ring(5.0, most_bytes=100)
    for captured_s, size, needed_s in pushes:
        ring.push(Shot(captured_s, bytes(size)))
        assert sum(len(shot.jpeg) for shot in ring.between(-99, 99)) <= 100
        ring.let_go(needed_s)
        assert held(ring)[-1] == captured_s and held(ring) == sorted(held(ring))
