"""The types of messages' fields, and the envelope that every message has."""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

# Bounds of floats also refuse NaN and infinity, which JSON cannot carry. Counts stay exact in
# languages whose only number is a double. The look-ahead is "end of text", newline refused, in
# Python's and in JSON Schema's regular expressions alike.
Finite: TypeAlias = Annotated[float, Meta(ge=-1e300, le=1e300)]
Positive: TypeAlias = Annotated[float, Meta(ge=0.0, le=1e300)]
Probability: TypeAlias = Annotated[float, Meta(ge=0.0, le=1.0)]
Count: TypeAlias = Annotated[int, Meta(ge=0, le=2**53 - 1)]
SourceName: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,128}(?![\s\S])")]


class Envelope(Struct, frozen=True, kw_only=True, tag_field="type"):
    """What every message carries; ``type`` names the kind of message.

    Attributes:
        schema: version of the message's fields.
        sequence: number of the message in its topic, from 0, without gaps at the publisher.
        session: random; a new one each time the publisher starts.
        source: the source's name as it stands in the topic.
    """

    schema: Literal[1] = 1
    sequence: Count
    session: str
    source: SourceName


def rounded(value: float | None, digits: int) -> float | None:
    """Round what is known."""
    return None if value is None else round(value, digits)


def probability(value: float) -> float:
    """Rounded, and within [0, 1] where float32 arithmetic overshoots; NaN stays NaN."""
    return max(min(round(value, 6), 1.0), 0.0)
