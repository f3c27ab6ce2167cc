"""Options from a YAML file, under the same names as the flags, which overrule it."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

T = TypeVar("T")


def add_required(parser: argparse.ArgumentParser, kind: type, name: str) -> None:
    """Add the flag of an option that must be given, here or in the file."""
    item = next(item for item in fields(kind) if item.name == name)
    text = f"{item.metadata['help']} (required here or in --config; no default)"
    parser.add_argument(f"--{name}", metavar=item.metadata["metavar"], help=text)


def read_options_of(path: Path | None, kinds: Sequence[type]) -> Mapping[str, Any]:
    """Read the options of several records from a file; None: there is no file.

    Raises:
        ConfigError: it cannot be read, or says what is not allowed: every fault with its line.
    """
    if path is None:
        return {}
    from streamrec.service.document import Faults, entries, parse, read_text
    from streamrec.service.keys import Key
    from streamrec.service.option_reader import read_values

    keys = {
        item.name: Key(item, get_type_hints(kind)[item.name], item.default, kind.__name__)
        for kind in kinds
        for item in fields(kind)
    }
    faults = Faults(str(path))
    values = read_values(entries(parse(read_text(path), str(path)), "", faults), keys, faults)
    faults.check()
    return values


def merged(kind: type[T], values: Mapping[str, Any], args: argparse.Namespace) -> T:
    """Make a record of flags; then of the file's values; then of defaults.

    Raises:
        OptionError: a required option is missing, or a value is not allowed.
    """
    from streamrec.errors import OptionError

    found: dict[str, Any] = {}
    for item in fields(kind):  # type: ignore[arg-type]
        flag = getattr(args, item.name)
        value = values.get(item.name) if flag is None else flag
        if value is not None:
            found[item.name] = value
        elif item.default is MISSING:
            raise OptionError(f"--{item.name} is missing: {item.metadata['help']}")
    return kind(**found)
