"""Which cameras there are, and which of them are watched: by file, by command, by schedule."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from streamrec.errors import OptionError
from streamrec.service.schedule import Schedule
from streamrec.service.settings import CameraSettings

V = TypeVar("V")


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """The cameras of the service.

    Attributes:
        file: cameras by name, as the configuration has them.
        added: those that a command added.
        switches: those that a command enabled or disabled, which overrules the configuration.
    """

    file: Mapping[str, CameraSettings]
    added: Mapping[str, CameraSettings] = field(default_factory=dict)
    switches: Mapping[str, bool] = field(default_factory=dict)

    @property
    def cameras(self) -> dict[str, CameraSettings]:
        """All cameras by name."""
        return {**self.file, **self.added}

    def reloaded(self, file: Mapping[str, CameraSettings]) -> "Roster":
        """Follow the configuration again; cameras added by command stay, unless it has them now."""
        added = {name: camera for name, camera in self.added.items() if name not in file}
        switches = {name: on for name, on in self.switches.items() if name in added}
        return Roster(file=file, added=added, switches=switches)

    def plus(self, camera: CameraSettings) -> "Roster":
        """Add a camera.

        Raises:
            OptionError: there is one of that name.
        """
        if camera.name in self.cameras:
            raise OptionError(
                f"there is a camera {camera.name!r} already; remove it first, or take another name"
            )
        return replace(self, added={**self.added, camera.name: camera})

    def minus(self, name: str) -> "Roster":
        """Remove a camera; one of the configuration comes back with the next reload.

        Raises:
            OptionError: there is none of that name.
        """
        self.find(name)
        return Roster(
            file=_without(self.file, name),
            added=_without(self.added, name),
            switches=_without(self.switches, name),
        )

    def switched(self, name: str, on: bool) -> "Roster":
        """Enable or disable a camera.

        Raises:
            OptionError: there is none of that name.
        """
        self.find(name)
        return replace(self, switches={**self.switches, name: on})

    def find(self, name: str) -> CameraSettings:
        """Return a camera.

        Raises:
            OptionError: there is none of that name; the message has the nearest.
        """
        if (camera := self.cameras.get(name)) is None:
            near = difflib.get_close_matches(name, self.cameras, n=3, cutoff=0.4)
            hint = f"did you mean {', '.join(near)}?" if near else "`streamrec camera list` has all"
            raise OptionError(f"there is no camera {name!r}; {hint}")
        return camera

    def off(self, camera: CameraSettings, now: datetime) -> str:
        """Return why a camera is not watched at a local time; nothing where it is."""
        switch = self.switches.get(camera.name)
        if switch is False:
            return "by command"
        if switch is None and not camera.camera.enabled:
            return "in the configuration"
        schedule = Schedule.parse(camera.camera.schedule)
        if schedule.active(now):
            return ""
        change = schedule.next_change(now)
        return "by its schedule" + ("" if change is None else f" until {_clock(change, now)}")


def _clock(time: datetime, now: datetime) -> str:
    return time.strftime("%H:%M" if time - now < timedelta(days=1) else "%a %H:%M")


def _without(items: Mapping[str, V], name: str) -> dict[str, V]:
    return {key: value for key, value in items.items() if key != name}
