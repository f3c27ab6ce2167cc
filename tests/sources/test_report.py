"""What is told of a camera, and when it is news."""

from hypothesis import given
from hypothesis import strategies as st

from streamrec.sources.counts import COUNTS
from streamrec.sources.link import Link, LinkPolicy
from streamrec.sources.messages import Noticed, Picture
from streamrec.sources.report import HEALED_S, TELL_S, Report
from streamrec.types import CameraState, Defect

START_S = 1.7e9


def begun() -> tuple[Link, Report]:
    link = Link.start(LinkPolicy(), START_S)
    return link, Report("door", link)


def picture(index: int = 0, **values) -> Picture:
    size = {"height": 8, "width": 8, "camera_height": 120, "camera_width": 160}
    times = {"captured_s": START_S, "time_s": START_S, "pts_s": None, "capture_ms": 1.0}
    rest = {"slot": 0, "index": index, "dropped": 0, "cut": False, "lag_s": 0.0}
    return Picture(**{**size, **times, **rest, **values})


def test_the_first_status_is_news_and_counts_everything():
    _, report = begun()
    status = report.news(START_S)
    assert (status.source, status.state) == ("door", CameraState.CONNECTING)
    assert status.counts == dict.fromkeys(COUNTS, 0)


def test_without_a_change_it_is_told_every_ten_seconds_with_fresh_counts():
    _, report = begun()
    report.picture(picture(), START_S)
    report.news(START_S)
    report.picture(picture(1, lag_s=0.02, dropped=3), START_S + 1)
    assert report.news(START_S + TELL_S - 0.1) is None
    status = report.news(START_S + TELL_S)
    assert (status.counts["frames"], status.counts["late"], status.lag_ms) == (2, 3, 20.0)


def test_losses_and_stalls_are_counted_as_they_come_about():
    link, report = begun()
    live = link.frame(START_S)
    stalled = live.tick(live.due_s, 0.0)
    lost = stalled.frame(START_S + 4).failed(START_S + 5, "refused")
    for now in (live, stalled, stalled, lost, lost.tick(START_S + 5, 0.0)):
        report.link(now)
    status = report.news(START_S + 5)
    assert (status.state, status.reason) == (CameraState.BACKING_OFF, "refused")
    assert (status.counts["stalls"], status.counts["losses"], status.attempt) == (1, 1, 1)


def test_the_size_is_the_cameras_own_and_a_change_is_news():
    _, report = begun()
    report.picture(picture(), START_S)
    assert (report.news(START_S).width, report.news(START_S)) == (160, None)
    report.picture(picture(1, camera_width=320, camera_height=240), START_S)
    status = report.news(START_S)
    assert (status.width, status.height) == (320, 240)


def test_a_frame_rate_is_news():
    _, report = begun()
    report.news(START_S)
    report.noticed(Noticed(count="rate_changes", times=0, fps=25.0))
    status = report.news(START_S)
    assert (status.fps, status.counts["rate_changes"]) == (25.0, 0)


@given(st.lists(st.sampled_from([None, *Defect]), max_size=60), st.floats(0.01, 0.5))
def test_defects_that_come_and_go_are_told_at_most_once_a_second(pictures, interval_s):
    _, report = begun()
    report.news(START_S)
    told = []
    for index, defect in enumerate(pictures):
        now_s = START_S + index * interval_s
        if defect is None:
            report.picture(picture(index, camera_width=0, camera_height=0), now_s)
        else:
            report.withheld(defect, now_s)
        if status := report.news(now_s):
            told.append((now_s, status.defect))
    times = [now_s for now_s, defect in told if defect is None]
    assert len(times) <= 1 + len(pictures) * interval_s / HEALED_S
    for defect in Defect:
        assert report.counts[defect.value] == pictures.count(defect)
    assert report.counts["frames"] == pictures.count(None)


def test_a_defect_is_told_at_once_and_until_it_has_gone():
    _, report = begun()
    report.withheld(Defect.GREY, START_S)
    assert report.news(START_S).defect is Defect.GREY
    report.picture(picture(), START_S + HEALED_S / 2)
    assert report.news(START_S + HEALED_S / 2).defect is Defect.GREY
    report.picture(picture(1), START_S + 2 * HEALED_S)
    assert report.news(START_S + 2 * HEALED_S).defect is None


def test_what_is_noticed_adds_up():
    _, report = begun()
    report.noticed(Noticed(count="clock_jumps"))
    report.noticed(Noticed(count="clock_jumps", times=3))
    assert report.news(START_S).counts["clock_jumps"] == 4
