"""JSON Schema (draft 2020-12) of messages, for other languages; made from their types."""

import inspect
import re
from typing import Any, get_args

import msgspec
from msgspec.inspect import StructType, VarTupleType, type_info

from streamrec.wire.fields import Envelope
from streamrec.wire.message import KINDS, Message
from streamrec.wire.topics import TOPIC_ROOT

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_DEFINITIONS = "#/$defs/{name}"
_FIELDS = re.compile(r"^([a-z_]+(?:, [a-z_]+)*): (.+(?:\n +.+)*)", re.MULTILINE)

Schema = dict[str, Any]


def message_schema(kind: str | None = None) -> Schema:
    """Return the schema of one kind of message, or of all of them; further fields are allowed.

    Args:
        kind: one of ``KINDS``; None: any message.
    """
    chosen = get_args(Message) if kind is None else (get_args(Message)[KINDS.index(kind)],)
    roots, parts = msgspec.json.schema_components(chosen, ref_template=_DEFINITIONS)
    structs = {part.__name__: part for one in chosen for part in _within(type_info(one))}
    defined = {name: _explained(part, structs.get(name)) for name, part in parts.items()}
    if kind is None:
        whole: Schema = {"title": "Messages of streamrec", "oneOf": list(roots)}
    else:
        whole = defined.pop(chosen[0].__name__) | {"title": f"A message of streamrec: {kind}"}
    place = TOPIC_ROOT if kind is None else f"{TOPIC_ROOT}/{kind}"
    return {"$schema": DIALECT, "$id": place, **whole, **({"$defs": defined} if defined else {})}


def _within(info: Any) -> list[type]:
    """Return a message's struct and those that it is made of."""
    match info:
        case StructType(cls=cls, fields=fields):
            return [cls, *(part for field in fields for part in _within(field.type))]
        case VarTupleType(item_type=item):
            return _within(item)
    return []


def _explained(schema: Schema, struct: type | None) -> Schema:
    """Put what the docstring of a struct says of its fields beside the fields."""
    summary = inspect.cleandoc(schema["description"]).partition("\n\nAttributes:")[0]
    explained = {**schema, "description": _one_line(summary)}
    if struct is not None:
        told = _told(Envelope) | _told(struct)
        explained["properties"] = {
            name: {**field, "description": told[name]} if name in told else field
            for name, field in schema["properties"].items()
        }
    return explained


def _told(struct: type) -> dict[str, str]:
    attributes = (inspect.getdoc(struct) or "").partition("\n\nAttributes:\n")[2]
    return {
        name: _one_line(text)
        for names, text in _FIELDS.findall(inspect.cleandoc(attributes))
        for name in names.split(", ")
    }


def _one_line(text: str) -> str:
    return " ".join(text.replace("``", "").split())
