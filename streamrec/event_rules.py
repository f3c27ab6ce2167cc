"""Whose scores are events, and by which rule: labels, and aliases of several."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np
import numpy.typing as npt

from streamrec.config import EventSettings, RuleOptions
from streamrec.errors import OptionError
from streamrec.types import NO_ACTION, Array


@dataclass(frozen=True, slots=True, eq=False)
class EventRules:
    """The labels and aliases that may be events, and their rules, in the same order.

    Attributes:
        names: what events are called.
        rules: when they are events.
        on_scores, off_scores: of the rules, float32 [names].
        members: classes of all names, one name after the other, int [classes].
        first: where in ``members`` each name begins, int [names].
    """

    names: tuple[str, ...]
    rules: tuple[RuleOptions, ...]
    on_scores: Array
    off_scores: Array
    members: npt.NDArray[np.intp]
    first: npt.NDArray[np.intp]

    def scores(self, scores: Array) -> Array:
        """Return the score of each name: the sum of its classes, at most 1; classes exclude.

        What is not a number counts as 0, so that an event ends when its model breaks.

        Args:
            scores: of the model's classes, float32 [classes].

        Returns:
            float32 [names].
        """
        known = np.nan_to_num(scores[self.members], nan=0.0)
        return np.minimum(np.add.reduceat(known, self.first), 1.0)


def event_rules(labels: Sequence[str], settings: EventSettings) -> EventRules:
    """Return what may be an event of a model.

    Args:
        labels: class names in score order.
        settings: rules, aliases, and what is allowed.

    Raises:
        OptionError: the settings name what is neither label nor alias; an alias has no labels, or
            the name of another label.
    """
    classes: dict[str, list[int]] = {}
    for index, label in enumerate(labels):
        classes.setdefault(label, []).append(index)
    aliases = _aliases(classes, settings.aliases)
    known = [*classes, *aliases]
    for key, names in (
        ("labels", settings.labels),
        ("allow", settings.allow),
        ("deny", settings.deny),
    ):
        for name in names:
            _require(name, known, key)
    merged = {label for members in aliases.values() for label in members}
    members = {name: [name] for name in classes if name not in merged} | aliases
    return _rules(
        {
            name: [index for label in its for index in classes[label]]
            for name, its in members.items()
            if _allowed(name, settings)
        },
        settings,
    )


def _aliases(
    classes: Mapping[str, object], aliases: Mapping[str, Sequence[str]]
) -> dict[str, list[str]]:
    """Return the labels of each alias, each once, in the order of the model."""
    found = {}
    for alias, patterns in aliases.items():
        for pattern in patterns:
            _require(pattern, classes, f"alias {alias!r}")
        found[alias] = [label for label in classes if _matches(label, patterns)]
        if not found[alias]:
            raise OptionError(f"the alias {alias!r} has no labels; name some of the model's")
        if alias == NO_ACTION or (alias in classes and alias not in found[alias]):
            raise OptionError(f"the alias {alias!r} has the name of something else; take another")
    return found


def _rules(members: Mapping[str, Sequence[int]], settings: EventSettings) -> EventRules:
    rules = tuple(_rule(name, settings) for name in members)
    counts = [len(classes) for classes in members.values()]
    return EventRules(
        names=tuple(members),
        rules=rules,
        on_scores=np.array([rule.on_score for rule in rules], np.float32),
        off_scores=np.array([rule.off_score for rule in rules], np.float32),
        members=np.array([index for classes in members.values() for index in classes], np.intp),
        first=np.cumsum([0, *counts], dtype=np.intp)[:-1],
    )


def _rule(name: str, settings: EventSettings) -> RuleOptions:
    """Return the rule of that very name; otherwise the first whose pattern fits."""
    if name in settings.labels:
        return settings.labels[name]
    fitting = (rule for pattern, rule in settings.labels.items() if _matches(name, (pattern,)))
    return next(fitting, settings.rule)


def _allowed(name: str, settings: EventSettings) -> bool:
    allowed = not settings.allow or _matches(name, settings.allow)
    return allowed and not _matches(name, settings.deny)


def _matches(name: str, patterns: Iterable[str]) -> bool:
    """Tell whether a pattern fits; brackets are plain text, as labels have them."""
    return any(fnmatchcase(name, pattern.replace("[", "[[]")) for pattern in patterns)


def _require(name: str, known: Iterable[str], where: str) -> None:
    """Refuse a name without wildcards that nothing has."""
    if "*" in name or "?" in name or name in (known := list(known)):
        return
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]!r}?" if near else f"the model has {', '.join(known[:5])}, ..."
    raise OptionError(f"events, {where}: {name!r} is no label of the model; {hint}")
