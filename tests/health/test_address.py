"""Where metrics may be served."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.errors import OptionError
from streamrec.health.address import parse_address


@pytest.mark.parametrize(
    ("text", "host", "port", "shown"),
    [
        ("9464", "127.0.0.1", 9464, "127.0.0.1:9464"),
        ("0", "127.0.0.1", 0, "127.0.0.1:0"),
        ("localhost:9464", "localhost", 9464, "localhost:9464"),
        ("0.0.0.0:65535", "0.0.0.0", 65535, "0.0.0.0:65535"),
        ("[::1]:9464", "::1", 9464, "[::1]:9464"),
    ],
)
def test_an_address_is_a_port_or_a_host_and_a_port(text, host, port, shown):
    address = parse_address(text)
    assert (address.host, address.port, str(address)) == (host, port, shown)


@pytest.mark.parametrize(
    "text", ["", "door", ":9464", "::1:9464", "[door]:1", "a..b:1", "65536", "-1", "1:2:3", "٣"]
)
def test_anything_else_is_refused_with_an_example(text):
    with pytest.raises(OptionError, match=r"9464 or \[::1\]:9464"):
        parse_address(text)


@given(st.text(max_size=30) | st.from_regex(r"[\[\]0-9a-f:.]{1,20}", fullmatch=True))
def test_any_text_is_an_address_that_reads_the_same_again_or_is_refused(text):
    try:
        address = parse_address(text)
    except OptionError:
        return
    assert parse_address(str(address)) == address
