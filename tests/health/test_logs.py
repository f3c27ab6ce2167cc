"""What a log is made of."""

import json
import logging
import re
from datetime import datetime, timedelta

import pytest

from streamrec.health.logs import log_to_stderr


@pytest.fixture(autouse=True)
def left_as_it_was():
    log = logging.getLogger("streamrec")
    handlers, level = log.handlers, log.level
    yield
    log.handlers = handlers
    log.setLevel(level)


def logged(capsys):
    return capsys.readouterr().err.splitlines()


def test_text_is_a_line_with_time_level_and_message(capsys):
    log_to_stderr()
    logging.getLogger("streamrec").warning("%s is lost", "door", extra={"camera": "door"})
    (line,) = logged(capsys)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} WARNING door is lost", line)


def test_json_is_an_object_a_line_with_what_is_said_of_camera_and_worker(capsys):
    log_to_stderr("json")
    extra = {"camera": "door", "worker": 3}
    logging.getLogger("streamrec.service").warning('%s is\n"lost"', "door", extra=extra)
    (line,) = logged(capsys)
    record = json.loads(line)
    assert datetime.fromisoformat(record.pop("time")).utcoffset() == timedelta(0)
    assert record == {
        "level": "WARNING",
        "logger": "streamrec.service",
        "message": 'door is\n"lost"',
        **extra,
    }


def test_what_a_call_does_not_give_is_left_out(capsys):
    log_to_stderr("json")
    logging.getLogger("streamrec").info("ready")
    (line,) = logged(capsys)
    assert set(json.loads(line)) == {"time", "level", "logger", "message"}


def test_an_error_stays_on_one_line(capsys):
    log_to_stderr("json")
    try:
        raise ValueError("two\nlines")
    except ValueError:
        logging.getLogger("streamrec").exception("failed")
    (line,) = logged(capsys)
    assert "ValueError" in json.loads(line)["exc_info"]


@pytest.mark.parametrize("fmt", ["text", "json"])
def test_what_is_below_the_level_is_not_written(capsys, fmt):
    log_to_stderr(fmt, logging.WARNING)
    logging.getLogger("streamrec").info("nothing of note")
    assert logged(capsys) == []


def test_a_second_call_takes_the_place_of_the_first(capsys):
    log_to_stderr("json")
    log_to_stderr("text")
    logging.getLogger("streamrec").info("once")
    assert len(logged(capsys)) == 1
