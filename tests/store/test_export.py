import csv
import io
import json
from datetime import UTC, datetime

import pytest

from streamrec.store.export import COLUMNS, write_events
from streamrec.store.statistics import statistics_of
from tests.store.made_store import BEGIN_S, made_event

EVENTS = [
    made_event(label='w\N{SNOWMAN}ve, "twice"\nor so'),
    made_event(BEGIN_S + 60, None, label="wave", source="yard", pts_s=-2.5),
]


def written(form, events=EVENTS):
    file = io.BytesIO()
    assert write_events(iter(events), file, form) == len(events)
    assert not file.closed
    return file.getvalue()


def rows(events=EVENTS):
    return list(csv.DictReader(io.StringIO(written("csv", events).decode(), newline="")))


def test_csv_has_a_column_a_field_and_times_with_their_zone():
    first, second = rows()
    assert tuple(first) == COLUMNS
    assert first["label"] == EVENTS[0].label
    assert datetime.fromisoformat(first["started"]).timestamp() == BEGIN_S
    assert (second["ended"], second["reason"], second["pts_s"]) == ("", "", "-2.5")


@pytest.mark.parametrize("label", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_csv_holds_no_formulas(label):
    assert rows([made_event(label=label)])[0]["label"] == f"'{label}"


@pytest.mark.parametrize("events", [EVENTS, EVENTS[:1], []])
def test_json_is_one_array_with_times_in_unix_seconds(events):
    found = json.loads(written("json", events))
    assert [each["label"] for each in found] == [event.label for event in events]
    if events:
        assert found[0]["started_s"] == BEGIN_S and found[0]["reason"] == "score"


@pytest.mark.parametrize("events", [EVENTS, []])
def test_parquet_has_typed_columns(events):
    parquet = pytest.importorskip("pyarrow.parquet", reason="the features extra is not installed")
    table = parquet.read_table(io.BytesIO(written("parquet", events)))
    assert table.column_names == list(COLUMNS)
    types = {name: str(table.schema.field(name).type) for name in COLUMNS}
    assert types["started"] == types["ended"] == "timestamp[us, tz=UTC]"
    assert (types["peak"], types["predictions"], types["label"]) == ("double", "int64", "string")
    if events:
        assert table["started"][0].as_py() == datetime.fromtimestamp(BEGIN_S, UTC)
        assert table["ended"].to_pylist()[1] is None


def test_events_are_counted_by_camera_label_hour_and_day():
    local = datetime(2026, 11, 21, 23, 30).timestamp()
    statistics = statistics_of(
        [
            made_event(local, 2.0, peak=0.5),
            made_event(local + 60, 4.0, peak=1.0),
            made_event(local + 3600, 60.0, source="yard", label="fall"),
            made_event(local + 3700, None, source="yard"),
        ]
    )
    assert (statistics.whole.count, statistics.whole.ongoing) == (4, 1)
    door = statistics.sources["door"]
    assert (door.count, door.total_s, door.median_s, door.mean_peak) == (2, 6.0, 3.0, 0.75)
    assert {label: figures.count for label, figures in statistics.labels.items()} == {
        "fall": 1,
        "wave": 3,
    }
    assert list(statistics.hours) == [0, 23]
    assert list(statistics.days) == ["2026-11-21", "2026-11-22"]
    assert statistics_of([]).whole.count == 0
