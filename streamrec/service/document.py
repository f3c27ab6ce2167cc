"""A YAML file as nodes that know their place, and the faults that are found in it."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml
from yaml.error import Mark

from streamrec.errors import ConfigError
from streamrec.sources.uri import redact

MAX_BYTES = 1 << 20
"""Longer files are refused: a thousand cameras take a third of this."""

_MAX_DEPTH = 16
_MAX_FAULTS = 50
_MAX_SHOWN = 60
_LONGEST = 1000
_MAPPING = "tag:yaml.org,2002:map"
_QUOTES = "text with ': ', ' #', a tab or a sign at its beginning goes between single quotes"


class Place(NamedTuple):
    """A line and a column, from 1."""

    line: int
    column: int


class Faults:
    """What is wrong with a file, so that all of it is told at once."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._found: list[tuple[Place, str]] = []

    def add(self, place: Place, text: str) -> None:
        """Keep a fault."""
        self._found.append((place, text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."))

    def check(self) -> None:
        """Stop here if there are any.

        Raises:
            ConfigError: the faults, one a line, in the order of the file.
        """
        lines = [
            f"{self._file}:{place.line}:{place.column}: {text}"
            for place, text in sorted(set(self._found))
        ]
        if len(lines) > _MAX_FAULTS:
            lines[_MAX_FAULTS:] = [f"{self._file}: and {len(lines) - _MAX_FAULTS} faults more"]
        if lines:
            raise ConfigError("\n".join(lines))


class Entry(NamedTuple):
    """A key of a mapping and its value; ``path``: it and the keys above it, with dots."""

    key: str
    path: str
    place: Place
    value: yaml.Node


def read_text(path: Path) -> str:
    """Read a file.

    Raises:
        ConfigError: it cannot be read, is too long, or is not UTF-8.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror or error}") from None
    if len(content) > MAX_BYTES:
        raise ConfigError(f"{path} is longer than {MAX_BYTES >> 20} MiB, which no configuration is")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ConfigError(
            f"{path}:{line}:1: is not UTF-8; save the file in that encoding"
        ) from None


def parse(text: str, file: str) -> yaml.Node:
    """Parse one YAML document, without making anything of its values.

    Raises:
        ConfigError: it is not YAML, or empty.
    """
    faults = Faults(file)
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        faults.add(_place(error.problem_mark or error.context_mark), _explain(error))
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        place = Place(before.count("\n") + 1, error.position - before.rfind("\n"))
        faults.add(place, f"the character U+{error.character:04X} is not allowed in YAML")
    except (ValueError, OverflowError):  # PyYAML, of numbers beyond all bounds
        faults.add(Place(1, 1), "a version or the number of a character is out of range")
    else:
        if node is not None:
            return node
        faults.add(Place(1, 1), "is empty; `streamrec config example` prints a start")
    faults.check()
    raise AssertionError("there was a fault")


def place_of(node: yaml.Node) -> Place:
    """Tell where a node begins."""
    return _place(node.start_mark)


def entries(node: yaml.Node, path: str, faults: Faults) -> Iterator[Entry]:
    """Go through a mapping; what is none, and keys that are given twice, are faults."""
    if not isinstance(node, yaml.MappingNode) or node.tag != _MAPPING:
        name = path or "the file"
        faults.add(place_of(node), f"{name} is a mapping, lines of 'key: value'; got {kind(node)}")
        return
    first: dict[str, Place] = {}
    for key, value in node.value:
        place = place_of(key)
        if not isinstance(key, yaml.ScalarNode):
            faults.add(place, f"{path or 'the file'} has keys that are text; got {kind(key)}")
        elif key.value in first:
            lines = f"line {first[key.value].line}"
            faults.add(place, f"{joined(path, key.value)} is given twice; the first is on {lines}")
        else:
            first[key.value] = place
            yield Entry(key.value, joined(path, key.value), place, value)


def joined(path: str, key: str) -> str:
    """Append a key to a path, without what may be a secret in the wrong place."""
    return f"{path}.{shown(key)}" if path else shown(key)


def shown(text: str) -> str:
    """Show what was written, without secrets and not at any length."""
    plain = redact(text)
    short = plain if len(plain) <= _MAX_SHOWN else f"{plain[:_MAX_SHOWN]}..."
    return repr(short)[1:-1]


def kind(node: yaml.Node) -> str:
    """Say what a node is."""
    if isinstance(node, yaml.MappingNode):
        return "a mapping" if node.tag == _MAPPING else "a mapping with a tag"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return "text" if node.value else "nothing"


class _Loader(yaml.SafeLoader):
    """PyYAML, but for nesting that would exhaust the stack."""

    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="is nested too deeply", problem_mark=mark)
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


def _place(mark: Mark | None) -> Place:
    return Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)


def _explain(error: yaml.MarkedYAMLError) -> str:
    text = ", ".join(part for part in (error.context, error.problem) if part)
    return f"is not YAML: {shown(text)}; {_QUOTES}"
