"""``events`` of the configuration: rules of labels, lists of them, and names for several."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import yaml

from streamrec.config import RuleOptions
from streamrec.errors import OptionError
from streamrec.service.document import Entry, Faults, entries, kind, place_of, shown
from streamrec.service.event_values import EventValues, OptionValue
from streamrec.service.keys import EVENT_KEYS, EVENT_LISTS, RULE_KEYS
from streamrec.service.option_reader import Values, read_values
from streamrec.service.scalars import read_scalar

MAX_ENTRIES = 1000
"""Most labels, patterns and aliases in one place: models have fewer than a thousand classes."""

_ON, _OFF = "on_score", "off_score"
_NO_RULE = RuleOptions()


class _Scope(NamedTuple):
    """Where options stand, and what they are but for those that are wrong."""

    entries: Mapping[str, Entry]
    values: Values


def read_events(parent: Entry, below: EventValues, faults: Faults) -> EventValues:
    """Read ``events``; what is wrong is left out.

    Args:
        parent: the key and its value.
        below: what holds where it says nothing.
        faults: where to put what is wrong.

    Returns:
        What it says, over ``below``; what is said elsewhere where that does not go together.
    """
    found = {entry.key: entry for entry in entries(parent.value, parent.path, faults)}
    general = _Scope(found, read_values(found.values(), EVENT_KEYS, faults, EVENT_LISTS))
    labels = {
        entry.key: _read_rule(entry, faults) for entry in _labelled(found.get("labels"), faults)
    }
    values = EventValues(
        general=general.values,
        allow=_read_labels(found.get("allow"), faults),
        deny=_read_labels(found.get("deny"), faults),
        aliases={
            entry.key: _read_labels(entry, faults) or ()
            for entry in _labelled(found.get("aliases"), faults)
        },
        labels={label: scope.values for label, scope in labels.items()},
    ).over(below)
    return values if _go_together(values, labels, general, faults) else below


def _read_rule(entry: Entry, faults: Faults) -> _Scope:
    found = {own.key: own for own in entries(entry.value, entry.path, faults)}
    return _Scope(found, read_values(found.values(), RULE_KEYS, faults))


def _labelled(entry: Entry | None, faults: Faults) -> Iterator[Entry]:
    """Go through a mapping whose keys are labels."""
    if entry is None:
        return
    found = list(entries(entry.value, entry.path, faults))
    _check_count(entry, len(found), faults)
    for own in found[:MAX_ENTRIES]:
        if fault := _fault_of_label(own.key):
            faults.add(own.place, f"{entry.path}: {fault}")
        else:
            yield own


def _read_labels(entry: Entry | None, faults: Faults) -> tuple[str, ...] | None:
    """Read a list of labels; None where there is none."""
    if entry is None:
        return None
    if not isinstance(entry.value, yaml.SequenceNode):
        text = f"{entry.path} is a list of labels, like [wave, 'punch*']; got {kind(entry.value)}"
        faults.add(place_of(entry.value), text)
        return None
    _check_count(entry, len(entry.value.value), faults)
    return tuple(_each_label(entry.path, entry.value.value[:MAX_ENTRIES], faults))


def _each_label(path: str, nodes: Sequence[yaml.Node], faults: Faults) -> Iterator[str]:
    for node in nodes:
        try:
            label = str(read_scalar(node, str))
        except OptionError as error:
            faults.add(place_of(node), f"{path}: each of its labels {error}")
            continue
        if fault := _fault_of_label(label):
            faults.add(place_of(node), f"{path}: {fault}")
        else:
            yield label


def _fault_of_label(label: str) -> str:
    if label.strip() and label.isprintable():
        return ""
    return f"a label is text on one line, without control characters; got '{shown(label)}'"


def _check_count(entry: Entry, count: int, faults: Faults) -> None:
    if count > MAX_ENTRIES:
        faults.add(entry.place, f"{entry.path} has at most {MAX_ENTRIES} entries; got {count}")


def _go_together(
    values: EventValues, labels: Mapping[str, _Scope], general: _Scope, faults: Faults
) -> bool:
    """Compare the scores at which events start and end, wherever each of them comes from."""
    rules = {label: {**values.rule, **own} for label, own in {"": {}, **values.labels}.items()}
    wrong = [label for label, rule in rules.items() if _score(rule, _OFF) > _score(rule, _ON)]
    told: set[str] = set()
    for label in wrong:
        cause = _cause([labels[label], general] if label in labels else [general])
        if cause is not None and cause.path not in told:
            told.add(cause.path)
            on, off = (_score(rules[label], key) for key in (_ON, _OFF))
            text = f"{cause.path}: off_score is at most on_score, which is {on:g} here; got {off:g}"
            faults.add(place_of(cause.value), text)
    return not wrong


def _score(rule: Mapping[str, OptionValue], key: str) -> float:
    return float(str(rule.get(key, getattr(_NO_RULE, key))))


def _cause(scopes: Sequence[_Scope]) -> Entry | None:
    """Return what is nearest of what is said here; None if that is told as wrong already."""
    said = [(scope, key) for scope in scopes for key in (_OFF, _ON) if key in scope.entries]
    if not said or any(key not in scope.values for scope, key in said):
        return None
    scope, key = said[0]
    return scope.entries[key]
