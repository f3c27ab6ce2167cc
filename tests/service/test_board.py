"""What is known of cameras, and what of it belongs in a log."""

from dataclasses import replace

from streamrec.service.board import Board
from streamrec.types import CameraState, CameraStatus, Defect

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


def test_a_camera_that_comes_live_is_logged_and_its_connecting_is_not(caplog):
    caplog.set_level("INFO", "streamrec")
    board = Board(lambda status: None)
    board.told(status("connecting"))
    board.told(LIVE)
    assert [record.message for record in caplog.records] == ["door is live"]


def test_a_defect_is_logged_seldom(caplog):
    caplog.set_level("WARNING", "streamrec")
    board = Board(lambda status: None)
    for _ in range(100):
        board.told(LIVE)
        board.told(replace(LIVE, defect=Defect.FROZEN))
    assert len(caplog.records) == 7  # 1, 2, 4 ... 64
    assert caplog.records[0].message == "door sends frozen pictures, which are withheld"
