"""What is known of cameras, and what of it belongs in a log."""

from dataclasses import replace

import pytest

from streamrec.service.board import Board, worth_logging
from streamrec.types import CameraState, CameraStatus

LIVE = CameraStatus(source="door", state=CameraState.LIVE, since_s=0.0)


def status(state, reason="", attempt=0):
    return replace(LIVE, state=CameraState(state), reason=reason, attempt=attempt)


def test_counts_go_on_when_another_worker_takes_over():
    told = []
    board = Board(told.append)
    board.begin("door")
    board.told(replace(LIVE, counts={"frames": 5}))
    board.failed("door", "its worker ended", attempt=1, retry_s=0.0)
    board.told(replace(LIVE, counts={"frames": 2}))
    board.told(replace(LIVE, counts={"frames": 3}))
    assert [one.counts for one in told] == [
        {"frames": 5},
        {"frames": 5, "failures": 1},
        {"frames": 7, "failures": 1},
        {"frames": 8, "failures": 1},
    ]


def test_the_same_is_said_once():
    told = []
    board = Board(told.append)
    for _ in range(3):
        board.say("door", CameraState.DISABLED, "by command")
    assert len(told) == 1


@pytest.mark.parametrize(
    ("before", "after", "logged"),
    [
        (None, status("live"), True),
        (status("connecting"), status("live"), True),
        (status("live"), status("live"), False),
        (status("live"), status("stalled", "no frame for 2.5 s"), False),
        (status("stalled", "no frame for 2.5 s"), status("live"), False),
        (status("live"), status("lost", "refused", 1), True),
        (status("lost", "refused", 1), status("backing-off", "refused", 1), False),
        (status("connecting", "refused", 2), status("lost", "refused", 3), False),
        (status("connecting", "refused", 3), status("lost", "refused", 4), True),
        (status("connecting", "refused", 2), status("lost", "wrong password", 3), True),
        (status("live"), status("disabled", "by command"), True),
    ],
)
def test_news_are_logged_and_repeats_are_not(before, after, logged):
    assert worth_logging(after, before) is logged
