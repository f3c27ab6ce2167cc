"""Lines for people and lines for programs."""

import io
import json

import numpy as np
import pytest

from streamrec.errors import OutputError
from streamrec.sinks.console import ConsoleSink, JsonLinesSink
from streamrec.wire import decode


@pytest.fixture
def predict(make_prediction):
    def predict(scores, **fields):
        scores = np.array(scores, np.float32)
        known = {"source": "door", "labels": ("wave", "still"), "scores": scores, "raw": scores}
        return make_prediction(**known | fields)

    return predict


def emit_all(sink, predictions, frame):
    for prediction in predictions:
        sink.emit(prediction, frame)
    sink.close()


def test_a_line_is_written_when_another_class_leads(predict, frame):
    out = io.StringIO()
    steps = [(0.9, 0.1), (0.8, 0.2), (0.3, 0.7), (0.2, 0.8), (0.6, 0.4)]
    emit_all(ConsoleSink(out), [predict(scores) for scores in steps], frame)
    lines = out.getvalue().splitlines()
    assert [line.split()[2] for line in lines] == ["wave", "still", "wave"]
    assert lines[1].split()[2:] == ["still", "70%", "wave", "30%"]


def test_of_equal_classes_the_first_leads_as_in_the_line(predict, frame):
    out = io.StringIO()
    steps = [(0.5, 0.5), (0.6, 0.4), (0.5, 0.5)]
    emit_all(ConsoleSink(out), [predict(scores) for scores in steps], frame)
    (line,) = out.getvalue().splitlines()
    assert line.split()[2] == "wave"


def test_a_line_tells_source_and_media_time(predict, frame):
    out = io.StringIO()
    emit_all(ConsoleSink(out, top=1), [predict((0.9, 0.1), pts_s=83.25)], frame)
    assert out.getvalue() == "door  01:23.2  wave 90%\n"


def test_the_end_of_the_warm_up_is_told(predict, frame):
    out = io.StringIO()
    warm = [predict((0.9, 0.1), warm_up=flag) for flag in (True, True, False, False)]
    emit_all(ConsoleSink(out), warm, frame)
    assert [line.endswith("(warming up)") for line in out.getvalue().splitlines()] == [True, False]


def test_sources_are_told_apart(predict, frame):
    out = io.StringIO()
    both = [predict((0.9, 0.1), source=name) for name in ("a", "b", "a", "b")]
    emit_all(ConsoleSink(out), both, frame)
    assert [line.split()[0] for line in out.getvalue().splitlines()] == ["a", "b"]


def test_a_label_that_the_terminal_cannot_show_is_escaped(predict, frame):
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii")
    emit_all(ConsoleSink(out, top=1), [predict((0.9, 0.1), labels=("d\u00e9j\u00e0", "x"))], frame)
    assert b"d\\xe9j\\xe0 90%" in raw.getvalue()


def test_each_prediction_is_one_line_of_json_and_a_message(predict, frame):
    out = io.BytesIO()
    predictions = [predict((0.9, 0.1)), predict((0.2, 0.8)), predict((0.9, 0.1), source="b")]
    emit_all(JsonLinesSink(out, top=1), predictions, frame)
    lines = out.getvalue().splitlines()
    assert [json.loads(line)["sequence"] for line in lines] == [0, 1, 0]
    assert [decode(line).top[0].label for line in lines] == ["wave", "still", "wave"]


@pytest.mark.parametrize(
    ("sink", "buffer"), [(ConsoleSink, io.StringIO), (JsonLinesSink, io.BytesIO)]
)
def test_a_closed_output_is_an_error(predict, frame, sink, buffer):
    out = buffer()
    out.close()
    with pytest.raises(OutputError, match="standard output"):
        sink(out).emit(predict((0.9, 0.1)), frame)
