"""Messages to try things with: the golden ones, and any that there may be."""

from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from msgspec import inspect

from streamrec import wire

GOLDEN = {
    kind: (Path(__file__).parent / f"wire/{kind}-v1.json").read_bytes().strip()
    for kind in wire.KINDS
}
"""By kind, as the releases before this one wrote them."""


def values(info: inspect.Type) -> st.SearchStrategy[Any]:
    """What a value of that type may be."""
    match info:
        case inspect.StructType(fields=fields, cls=cls):
            return st.builds(cls, **{field.name: values(field.type) for field in fields})
        case inspect.VarTupleType(item_type=item):
            return st.lists(values(item), max_size=4).map(tuple)
        case inspect.UnionType(types=types):
            return st.one_of([values(member) for member in types])
        case inspect.LiteralType(values=allowed):
            return st.sampled_from(allowed)
        case inspect.FloatType(ge=low, le=high):
            return st.floats(low, high, allow_nan=False, allow_infinity=False)
        case inspect.IntType(ge=low, le=high):
            return st.integers(low, high)
        case inspect.StrType(pattern=None):
            return st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
        case inspect.StrType(pattern=pattern):
            return st.from_regex(pattern)
        case inspect.DictType(key_type=key, value_type=value):
            return st.dictionaries(values(key), values(value), max_size=4)
        case inspect.EnumType(cls=cls):
            return st.sampled_from(cls)
        case inspect.BoolType():
            return st.booleans()
        case inspect.NoneType():
            return st.none()
    raise AssertionError(f"no values known for {info}")


def messages(kind: Any = wire.Message) -> st.SearchStrategy[wire.Message]:
    """Any message, or any of one kind."""
    return values(inspect.type_info(kind))
