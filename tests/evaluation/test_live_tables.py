"""What live evaluation prints."""

import json
from dataclasses import replace

import pytest

from streamrec.cli.live_tables import print_live
from streamrec.cli.words import PAGE_WIDTH
from streamrec.evaluation.live_figures import Delay, EventFigures, LiveFigures
from streamrec.evaluation.live_result import LiveResult, LiveRow

FOUND = LiveFigures(
    clips=9,
    action_accuracy=0.4567,
    background_accuracy=0.9,
    first_right=Delay(median_s=1.24, p90_s=None, never=0.25, clips=9),
    let_go=Delay(median_s=2.0, p90_s=3.0, never=0.0, clips=7),
    flicker_per_minute=12.34,
    events=(
        EventFigures(overlap=0.1, precision=1.0, recall=0.75),
        EventFigures(overlap=0.5, precision=None, recall=0.0),
    ),
)
NOTHING = LiveFigures(
    clips=9,
    action_accuracy=None,
    background_accuracy=None,
    first_right=Delay(median_s=None, p90_s=None, never=1.0, clips=9),
    let_go=Delay(median_s=None, p90_s=None, never=0.0, clips=0),
    flicker_per_minute=None,
    events=FOUND.events,
)


def row(setting: str, horizon: int | None, age_min: float, figures=FOUND) -> LiveRow:
    alarms = 1.5 if age_min else None
    return LiveRow(
        setting=setting, horizon=horizon, age_min=age_min, alarms_per_hour=alarms, figures=figures
    )


RESULT = LiveResult(
    model="waver",
    data="waves",
    fps=10.0,
    windowed=False,
    background="still scenes",
    quiet=("still",),
    rows=(row("own", 16, 0.0), row("24", 24, 10.0), row("none", None, 60.0, NOTHING)),
    skipped=(),
)


def printed(capsys, result: LiveResult) -> list[str]:
    print_live(result, json=False)
    return capsys.readouterr().out.splitlines()


def test_a_table_has_a_line_for_each_horizon_and_age(capsys):
    head, _, _, *lines = printed(capsys, RESULT)
    assert head == ("waver on live video: 9 clips of waves, 10 frames/s, background: still scenes")
    own, _, never = (" ".join(line.split()) for line in lines[:3])
    assert own == "16 (own) 0 0.46 0.90 1.2 s 0.25 2.0 s 12.3 - 1.00 / 0.75 - / 0.00"
    assert lines[1].startswith("24 ")
    assert never == "everlasting 60 - - never 1.00 - - 1.5 1.00 / 0.75 - / 0.00"
    assert max(map(len, lines)) <= PAGE_WIDTH


def test_the_headings_tell_the_overlaps(capsys):
    _, above, below, *_ = printed(capsys, RESULT)
    assert above.split()[-2:] == ["events", "events"]
    assert below.split()[-4:] == ["at", "0.1", "at", "0.5"]


@pytest.mark.parametrize(
    ("quiet", "told"), [(("still", "none"), "is still or none"), ((), "no event is open")]
)
def test_a_note_says_what_is_right_where_nothing_happens(capsys, quiet, told):
    text = " ".join(printed(capsys, replace(RESULT, quiet=quiet)))
    assert told in " ".join(text.split())


def test_what_was_left_out_is_told(capsys):
    lines = printed(capsys, replace(RESULT, skipped=("a.mp4: no such file", "b.mp4: empty")))
    assert lines[-1] == "2 left out, as they cannot be read: a.mp4: no such file"


def test_a_model_that_sees_windows_has_no_horizon(capsys):
    result = replace(RESULT, windowed=True, rows=(row("own", None, 0.0),))
    assert printed(capsys, result)[3].startswith("- ")


def test_json_has_all_figures(capsys):
    print_live(RESULT, json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["rows"][0]["figures"]["events"][0] == {
        "overlap": 0.1,
        "precision": 1.0,
        "recall": 0.75,
    }
    assert told["rows"][2]["horizon"] is None
