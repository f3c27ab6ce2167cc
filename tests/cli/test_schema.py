"""``streamrec schema``, as people use it."""

import json

from streamrec.wire import KINDS
from streamrec.wire.schema import message_schema


def test_the_schema_of_all_messages_is_printed(cli):
    result = cli("schema")
    assert result.code == 0
    assert json.loads(result.out) == message_schema()


def test_the_schema_of_one_kind_is_printed(cli):
    for kind in KINDS:
        assert json.loads(cli("schema", "--kind", kind).out) == message_schema(kind)
