"""Flags from the option records of ``streamrec.config``."""

import argparse
from collections.abc import Collection
from dataclasses import MISSING, Field, fields, replace
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def add_options(
    parser: argparse.ArgumentParser,
    kind: type,
    *,
    without: Collection[str] = (),
    overruling: bool = False,
) -> None:
    """Add a flag for each field of an option record but those ``without``.

    Flags that are ``overruling`` are None where they are not given; see `overruled`.
    """
    hints = get_type_hints(kind)
    group = parser.add_argument_group((kind.__doc__ or "").split(".")[0].lower())
    for item in fields(kind):
        if item.name in without:
            continue
        _add_flag(group, item, hints[item.name])
        if overruling:
            parser.set_defaults(**{item.name: None})


def overruled(record: T, args: argparse.Namespace) -> T:
    """Return a record with the flags that are given in place of its own values.

    Raises:
        OptionError: a value that is not allowed.
    """
    given = {item.name: getattr(args, item.name, None) for item in fields(record)}  # type: ignore[arg-type]
    news = {name: value for name, value in given.items() if value is not None}
    return replace(record, **news)  # type: ignore[type-var]


def read_options(args: argparse.Namespace, kind: type[T]) -> T:
    """Make the record from parsed flags.

    Raises:
        OptionError: a value that is not allowed.
    """
    return kind(**{item.name: getattr(args, item.name) for item in fields(kind)})  # type: ignore[arg-type]


def _add_flag(group: Any, item: "Field[Any]", hint: Any) -> None:
    flag, text = f"--{item.name.replace('_', '-')}", item.metadata["help"]
    if hint is bool:
        action = argparse.BooleanOptionalAction if item.default else "store_true"
        group.add_argument(flag, action=action, default=item.default, help=text)
        return
    if get_origin(hint) is Literal:
        allowed = get_args(hint)
        text = f"{text}; default: {item.default}"
        group.add_argument(flag, choices=allowed, default=item.default, help=text)
        return
    required = item.default is MISSING
    if required:
        text = f"{text} (required)"
    elif "default:" not in text:
        text = f"{text}; default: {'none' if item.default is None else item.default}"
    group.add_argument(
        flag,
        type=_plain(hint),
        default=None if required else item.default,
        required=required,
        metavar=item.metadata["metavar"] or item.name.upper(),
        help=text.replace("%", "%%"),
    )


def _plain(hint: Any) -> Any:
    """``str | None`` -> ``str``: a flag that is given has a value."""
    if get_origin(hint) in (Union, UnionType):
        return next(kind for kind in get_args(hint) if kind is not type(None))
    return hint
