"""What people write for labels -> which key, or which event, is recorded into which folder."""

import re
from collections.abc import Iterable

from streamrec.config import EventOptions, EventSettings, RuleOptions
from streamrec.dataset.class_folders import SPLITS
from streamrec.errors import OptionError

KEYS = "123456789abcdefghijklmnoprstuvwxyz"
"""Given to labels in this order; ``q`` ends."""

_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]')
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def key_labels(text: str) -> dict[str, str]:
    """Return the label of each key.

    Args:
        text: ``wave,clap``, or ``w=wave,c=clap``; keys that are not chosen are given in order.

    Raises:
        OptionError: no label, too many, one that names no folder, or two with the same key or
            folder.
    """
    pairs = _pairs(text)
    if not pairs:
        raise OptionError("give --labels A,B,..., or --model NAME, whose events are recorded")
    chosen = [key.lower() for key, _ in pairs if key]
    free = iter([key for key in KEYS if key not in chosen])
    labels: dict[str, str] = {}
    for key, label in pairs:
        key = key.lower() or next(free, "")
        _require_key(key, label, labels)
        labels[key] = require_folder(label)
    _require_distinct(labels.values())
    return labels


def event_settings(text: str, rule: RuleOptions, options: EventOptions) -> EventSettings:
    """Return the settings of events of which only some labels are wanted.

    Args:
        text: ``boxing,slapping``, or ``boxing=fight,slapping=fight``; empty: all labels.
        rule: when they are events.
        options: for all labels.

    Raises:
        OptionError: a name that names no folder.
    """
    aliases: dict[str, tuple[str, ...]] = {}
    allow = []
    for label, name in _pairs(text):
        allow.append(require_folder(name))
        if label:
            aliases[name] = (*aliases.get(name, ()), label)
    return EventSettings(rule=rule, options=options, allow=tuple(allow), aliases=aliases)


def folder_name(label: str) -> str:
    """Return a label with what no folder may be called replaced by ``_``."""
    name = _FORBIDDEN.sub("_", label).strip(". ")
    return f"_{name}" if not name or _DEVICES.fullmatch(name) or name in SPLITS else name


def require_folder(label: str) -> str:
    """Return a label that can be a folder's name on every system.

    Raises:
        OptionError: it cannot.
    """
    if label in SPLITS:
        raise OptionError(f"{label!r} names a part of a data set, and is no label; take another")
    if folder_name(label) != label:
        raise OptionError(
            f'a label names its folder, without any of < > : " / \\ | ? *, nor a dot or space at '
            f"its ends; got {label!r}, take {folder_name(label)!r}"
        )
    return label


def _pairs(text: str) -> list[tuple[str, str]]:
    """Part ``a, x=b`` into what stands before the ``=``, if anything, and the label."""
    pairs = []
    for item in filter(None, map(str.strip, text.split(","))):
        before, _, label = item.rpartition("=")
        pairs.append((before.strip(), label.strip()))
    return pairs


def _require_key(key: str, label: str, taken: dict[str, str]) -> None:
    if not key:
        raise OptionError(f"no key is left for {label!r}; there are {len(KEYS)}")
    if len(key) != 1 or not key.isprintable() or key in "q ":
        raise OptionError(
            f"a key is one character, and not q, which ends; got {key!r} for {label!r}"
        )
    if key in taken:
        raise OptionError(f"{taken[key]!r} and {label!r} have the same key, {key!r}")


def _require_distinct(labels: Iterable[str]) -> None:
    """Two names that differ by case only are one folder on some systems."""
    seen: dict[str, str] = {}
    for label in labels:
        if (other := seen.get(label.casefold())) is not None:
            raise OptionError(f"{other!r} and {label!r} are one folder; give each label once")
        seen[label.casefold()] = label
