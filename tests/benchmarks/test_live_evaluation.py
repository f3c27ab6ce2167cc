"""The table of live evaluation."""

from importlib import import_module

from streamrec.evaluation.live_figures import Delay, EventFigures, LiveFigures
from streamrec.evaluation.live_result import LiveRow

WAITED_IN_VAIN = Delay(median_s=None, p90_s=None, never=1.0, clips=3)
NOBODY_WAITED = Delay(median_s=None, p90_s=None, never=0.0, clips=0)


def test_a_row_says_what_was_never_right_and_what_is_not_known():
    figures = LiveFigures(
        clips=3,
        action_accuracy=0.0,
        background_accuracy=0.987,
        first_right=WAITED_IN_VAIN,
        let_go=NOBODY_WAITED,
        flicker_per_minute=186.0,
        events=(EventFigures(overlap=0.3, precision=None, recall=0.0),),
    )
    row = LiveRow(setting="none", horizon=None, age_min=60.0, alarms_per_hour=None, figures=figures)
    live_evaluation = import_module("live_evaluation")
    table = live_evaluation.table([live_evaluation.row(row)])
    assert table.headers[0] == "horizon"
    assert table.headers[-1] == "events at 0.3"
    line = ("everlasting", "60", "0", "0.99", "never", "-", "186", "-", "- / 0")
    assert table.rows == (line,)
