"""What a configuration says of events, before what it leaves out is filled in."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Self, TypeAlias

from streamrec.config import RuleOptions

OptionValue: TypeAlias = str | int | float | bool | None
"""What an option may be."""

_RULE = frozenset(item.name for item in fields(RuleOptions))


@dataclass(frozen=True, slots=True, kw_only=True)
class EventValues:
    """What is said in one place, the defaults or a camera.

    Attributes:
        general: values by key, of all labels.
        allow, deny: patterns of labels; None: nothing is said of them.
        aliases: labels by the name that stands for them.
        labels: values by key, of single labels.
    """

    general: Mapping[str, OptionValue] = field(default_factory=dict)
    allow: tuple[str, ...] | None = None
    deny: tuple[str, ...] | None = None
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    labels: Mapping[str, Mapping[str, OptionValue]] = field(default_factory=dict)

    @property
    def rule(self) -> dict[str, OptionValue]:
        """What is said of the scores of all labels."""
        return {key: value for key, value in self.general.items() if key in _RULE}

    def over(self, below: Self) -> "EventValues":
        """Put this over what is said elsewhere; its rule is over that of the labels there."""
        overruled = {label: {**own, **self.rule} for label, own in below.labels.items()}
        return EventValues(
            general={**below.general, **self.general},
            allow=below.allow if self.allow is None else self.allow,
            deny=below.deny if self.deny is None else self.deny,
            aliases={**below.aliases, **self.aliases},
            labels=overruled
            | {label: {**overruled.get(label, {}), **own} for label, own in self.labels.items()},
        )
