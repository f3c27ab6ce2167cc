"""What is known of cameras, and what of it belongs in a log."""

from dataclasses import replace

from streamrec.service.board import FEW, Board
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


def test_why_a_camera_cannot_begin_is_logged_once_and_so_is_its_recovery(caplog):
    caplog.set_level("INFO", "streamrec")
    board = Board(lambda status: None)
    board.told(status("connecting"))
    for reason in ["no secret", *["no model"] * 20]:
        board.told(status("backing-off", reason, attempt=1))
    board.told(status("connecting"))
    board.told(LIVE)
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("WARNING", "door is backing-off: no secret"),
        ("WARNING", "door is backing-off: no model"),
        ("INFO", "door is live"),
    ]


def test_what_was_logged_as_lost_is_not_logged_as_backing_off_too(caplog):
    board = Board(lambda status: None)
    for state in ("connecting", "lost", "backing-off"):
        board.told(status(state, "refused", attempt=1))
    assert [record.message for record in caplog.records] == ["door is lost: refused"]


def tell_defects(board, episodes, pictures):
    """So many times, so many pictures in a row are withheld."""
    count = 0
    for _ in range(episodes):
        board.told(replace(LIVE, defect=Defect.FROZEN, counts={"frozen": count + 1}))
        count += pictures
        board.told(replace(LIVE, counts={"frozen": count}))


def test_a_defect_is_logged_seldom(caplog):
    tell_defects(Board(lambda status: None), 100, FEW)
    assert len(caplog.records) == 7  # 1, 2, 4 ... 64
    assert caplog.records[0].message == "door sends frozen pictures, which are withheld"


def test_a_defect_that_lasts_is_logged_once(caplog):
    board = Board(lambda status: None)
    for count in (1, 250, 500, 750):
        board.told(replace(LIVE, defect=Defect.BLACK, counts={"black": count}))
    assert len(caplog.records) == 1


def test_a_few_pictures_with_a_defect_are_not_logged(caplog):
    tell_defects(Board(lambda status: None), 100, FEW - 1)
    assert not caplog.records
