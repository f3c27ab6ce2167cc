"""The memory sink keeps what it was given."""

import pytest

from streamrec.errors import SinkError
from streamrec.sinks.base import Sink
from streamrec.sinks.memory import MemorySink


def test_predictions_stay_in_order_after_closing(make_prediction, frame):
    sink: Sink = MemorySink()
    first, second = make_prediction(), make_prediction()
    sink.emit(first, frame)
    sink.emit(second, frame)
    sink.close()
    sink.close()
    assert sink.predictions == [first, second]


def test_a_closed_sink_refuses_predictions(make_prediction, frame):
    sink = MemorySink()
    sink.close()
    with pytest.raises(SinkError, match="closed"):
        sink.emit(make_prediction(), frame)
