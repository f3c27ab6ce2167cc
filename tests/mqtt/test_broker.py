"""Where an MQTT broker is."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.errors import OptionError
from streamrec.mqtt.broker import Broker, parse_broker


def test_a_broker_is_a_host():
    assert parse_broker("mqtt://host") == Broker("host", 1883, False, "", "")


def test_everything_may_be_said():
    url = "mqtts://me:p%40ss%2Fword@[::1]:9999/"
    assert parse_broker(url) == Broker("::1", 9999, True, "me", "p@ss/word")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "host",
        "http://host",
        "mqtt://",
        "mqtt://host:port",
        "mqtt://host/path",
        "mqtt://[::1",
        "mqtt://a..b",
    ],
)
def test_what_is_no_broker_is_refused(url):
    with pytest.raises(OptionError, match="mqtt://HOST"):
        parse_broker(url)


@given(st.text())
def test_no_text_is_anything_but_a_broker_or_refused(text):
    with contextlib.suppress(OptionError):
        parse_broker(f"mqtt://{text}")


def test_a_password_is_never_shown():
    url = "mqtt://me:secret@host"
    broker = parse_broker(url)
    assert "secret" not in f"{broker} {broker!r}"
    with pytest.raises(OptionError) as error:
        parse_broker(f"{url}:port")
    assert "secret" not in str(error.value)
