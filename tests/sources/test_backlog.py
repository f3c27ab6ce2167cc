"""What waited while a source opened is told by how quickly it is had."""

from streamrec.sources.backlog import BACKLOG_S, Backlog


def test_the_first_frame_that_was_waited_for_ends_the_backlog():
    backlog = Backlog(fps=25.0)
    took_s = [0.001, 0.002, 0.03, 0.001]
    assert [backlog.holds(0.0, took) for took in took_s] == [True, True, False, False]


def test_a_source_that_is_always_quick_is_believed_after_a_while():
    backlog = Backlog(fps=25.0)
    assert backlog.holds(0.0, 0.001)
    assert not backlog.holds(BACKLOG_S + 0.1, BACKLOG_S + 0.101)
