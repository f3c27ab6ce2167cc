"""Scalars of YAML, read as the option's type asks: ``no``, ``12:30`` and ``010`` are text to text.

Whole numbers and fractions are decimal; ``true``, ``yes`` and ``on`` are the same.
"""

import math
import re
from collections.abc import Callable
from types import NoneType
from typing import Any, NamedTuple, get_args

import yaml

from streamrec.errors import OptionError
from streamrec.service.document import kind, shown

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_INTEGER = re.compile(r"[+-]?(?:0|[1-9][0-9]{0,17})")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}"
    for name in ("str", "int", "float", "bool", "null", "timestamp", "merge", "value")
)


def read_scalar(node: yaml.Node, hint: Any) -> str | int | float | bool | None:
    """Read a value of an option.

    Args:
        node: the value.
        hint: the option's type: ``str``, ``int``, ``float``, ``bool``, one of them or None, or a
            ``Literal`` of text.

    Raises:
        OptionError: it is of another type; the message goes on after the option's name.
    """
    if not isinstance(node, yaml.ScalarNode):
        hidden = isinstance(node, yaml.MappingNode) and node.flow_style
        advice = "; text that begins with '{' goes between quotes" if hidden else ""
        raise OptionError(f"is one value; got {kind(node)}{advice}")
    if node.tag not in _TAGS:
        raise OptionError("takes no tag; secrets of the source are written {NAME}")
    kinds = get_args(hint) or (hint,)
    if node.style is None and node.value in _NULLS:
        if NoneType in kinds:
            return None
        raise OptionError("has no value; leave the key out where the default will do")
    form = next((_FORMS[kind] for kind in kinds if kind in _FORMS), _TEXT)
    value = form.read(node.value) if form is _TEXT or node.style is None else None
    if value is None:
        raise OptionError(f"is {form.words}; got {_got(node)}")
    return value


def _got(node: yaml.ScalarNode) -> str:
    quoted = " between quotes" if node.style in ("'", '"') else ""
    return f"'{shown(node.value)}'{quoted}"


def _read_text(text: str) -> str | None:
    return text if text.isprintable() else None


def _read_bool(text: str) -> bool | None:
    return _WORDS.get(text.lower())


def _read_int(text: str) -> int | None:
    return int(text) if _INTEGER.fullmatch(text) else None


def _read_float(text: str) -> float | None:
    value = float(text) if _NUMBER.fullmatch(text) else math.inf
    return value if math.isfinite(value) else None


class _Form(NamedTuple):
    words: str
    read: Callable[[str], str | int | float | bool | None]


_TEXT = _Form("text on one line, without control characters", _read_text)
_FORMS = {
    bool: _Form("true or false", _read_bool),
    int: _Form("a whole number", _read_int),
    float: _Form("a number", _read_float),
}
