"""The one process of a service that publishes, obeys and keeps the others alive.

One thread, one loop, which waits for nothing but news. No video is decoded here and no model runs:
whatever may hang or crash does so in a worker, which is replaced.
"""

import logging
import os
import time
from collections.abc import Callable, Collection, Mapping
from datetime import datetime

import zmq

from streamrec.errors import ModelError, OptionError, SourceError
from streamrec.service.board import Board
from streamrec.service.camera import make_camera
from streamrec.service.control import (
    Add,
    Answer,
    CameraReport,
    Cameras,
    ControlServer,
    Disable,
    Done,
    Enable,
    List,
    Refused,
    Reload,
    Remove,
    Request,
    TakeSnapshot,
)
from streamrec.service.messages import Begin, Happened, Predicted, Remarked, Snapshot, Told
from streamrec.service.model_labels import require_model
from streamrec.service.notify import notify
from streamrec.service.outlet import Outlet
from streamrec.service.roster import Roster
from streamrec.service.settings import CameraSettings, ServiceSettings
from streamrec.service.snapshots import Snapshots
from streamrec.service.team import Team
from streamrec.sources.uri import redact
from streamrec.types import CameraState

WORKER = "streamrec.service.worker"
"""What workers run."""

TICK_S = 0.1
"""The loop goes round at least so often."""

ROSTER_S = 1.0
"""How often schedules are looked at."""

_log = logging.getLogger("streamrec")


class Supervisor:
    """Runs a service.

    Args:
        settings: what it does.
        read: reads the settings again, and raises `OptionError` where they are wrong.
        module: what workers run.

    Attributes:
        publishes_on, controlled_at, replays_on: its endpoints, with the ports that were picked;
            the last one is empty where nothing is stored.

    Raises:
        EndpointError: it cannot publish, or take commands, where it is told to.
        SinkError: keys or the store cannot be had.
    """

    def __init__(
        self,
        settings: ServiceSettings,
        read: Callable[[], ServiceSettings],
        *,
        module: str = WORKER,
    ) -> None:
        service = settings.service
        self._fixed, self._defaults, self._read = _fixed(settings), settings.defaults, read
        self._roster = Roster(file=settings.cameras)
        self._control = ControlServer(service.control, settings.access)
        try:
            self._outlet = Outlet(settings)
        except BaseException:
            self._control.close()
            raise
        self.publishes_on, self.controlled_at = self._outlet.publishes_on, self._control.endpoint
        self.replays_on = self._outlet.replays_on
        self._board = Board(self._outlet.told, self._outlet.failed)
        self._snapshots = Snapshots(self._control)
        self._team = Team(
            module,
            self._board,
            begin=Begin(service.top, self._outlet.media),
            workers=service.workers,
            cores=os.cpu_count() or 1,
            restarted=self._outlet.health.worker_restarted,
        )
        self._stopping = self._reloading = False
        self._roster_s = 0.0

    def stop(self) -> None:
        """Make `run` return within two seconds; may be called by signal handlers and threads."""
        self._stopping = True

    def reload(self) -> None:
        """Have the settings read again; may be called by signal handlers and threads."""
        self._reloading = True

    def run(self) -> None:
        """Watch the cameras until `stop` is called."""
        try:
            self._follow_roster()
            self._say_ready()
            while not self._stopping:
                self._wait()
                self._turn()
        finally:
            self._end()

    def _say_ready(self) -> None:
        notify("READY=1")
        places = {
            "publishing on": self.publishes_on,
            "commands at": self.controlled_at,
            "replay at": self.replays_on,
            "metrics at": self._outlet.metrics_on,
        }
        _log.info(
            "ready: %s, %s; %s",
            _number(len(self._roster.cameras), "camera"),
            _number(len(self._team), "worker"),
            ", ".join(f"{what} {place}" for what, place in places.items() if place),
        )

    def _wait(self) -> None:
        poller = zmq.Poller()
        sockets = *self._control.sockets, *self._outlet.waiting(), *self._team.filenos()
        for waiting in sockets:
            poller.register(waiting, zmq.POLLIN)
        poller.poll(round(TICK_S * 1e3))

    def _turn(self) -> None:
        """Do what there is to do."""
        self._hear_workers()
        self._team.replace_failed()
        self._outlet.health.workers(len(self._team.pids), len(self._team))
        self._outlet.turn(self._board.statuses)
        self._obey()
        self._snapshots.give_up_late()
        if self._reloading:
            self._reloading = False
            self._reload_by_signal()
        if time.monotonic() - self._roster_s >= ROSTER_S:
            self._follow_roster()
            notify("WATCHDOG=1")

    def _end(self) -> None:
        """End the workers and say that nothing is watched any more."""
        notify("STOPPING=1")
        self._outlet.end_events()
        off = self._disabled()
        for name in [name for name in self._board.statuses if name not in off]:
            self._board.say(name, CameraState.DISABLED, "the service ended")
        self._team.close()
        self._control.close()
        self._outlet.close()

    def _hear_workers(self) -> None:
        for worker, message in self._team.hear():
            match message:
                case Predicted(prediction, ready_s) if prediction.source in worker.cameras:
                    self._outlet.predicted(prediction, ready_s)
                case Happened(event) if event.source in worker.cameras:
                    self._outlet.happened(event)
                case Told(status) if status.source in worker.cameras:
                    self._board.told(status)
                case Snapshot():
                    self._snapshots.take(message)
                case Remarked(text):
                    _log.warning("%s", text, extra={"worker": worker.number})

    def _follow_roster(self, anew: Collection[str] = ()) -> None:
        """Watch what is to be watched now, these cameras anew; say why the rest is not."""
        self._roster_s = time.monotonic()
        cameras, now, wanted = self._roster.cameras, datetime.now(), {}
        for name, camera in cameras.items():
            if why := self._roster.off(camera, now):
                self._board.say(name, CameraState.DISABLED, why)
            else:
                wanted[name] = camera
        self._team.watch(wanted, anew)
        for name in [name for name in self._board.statuses if name not in cameras]:
            self._forget(name)

    def _disabled(self) -> list[str]:
        """Return those that are off, and those that a worker could not begin to watch."""
        statuses = self._board.statuses.values()
        return [status.source for status in statuses if status.state is CameraState.DISABLED]

    def _forget(self, name: str) -> None:
        """Let nobody hear of a camera any more that has been removed."""
        self._board.say(name, CameraState.DISABLED, "removed")
        self._board.drop(name)
        self._outlet.forget(name)

    def _change(self, roster: Roster, anew: Collection[str] = ()) -> None:
        self._roster = roster
        self._follow_roster(anew)

    def _reload_by_signal(self) -> None:
        try:
            _log.info("%s", self._load_again())
        except OptionError as error:
            _log.error("nothing is changed: %s", error)

    def _load_again(self) -> str:
        """Follow the settings as they are now; return what has changed.

        Raises:
            OptionError: they are wrong, and nothing is changed.
        """
        notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
        try:
            settings = self._read()
        finally:
            notify("READY=1")
        before, self._defaults = self._roster.cameras, settings.defaults
        self._change(self._roster.reloaded(settings.cameras), self._disabled())
        changes = _changes(before, self._roster.cameras)
        if _fixed(settings) != self._fixed:
            changes += "; what is set for the whole service changes with its next start only"
        return changes

    def _obey(self) -> None:
        for client, request in self._control.requests():
            try:
                answer = self._do(client, request)
            except (ModelError, OptionError, SourceError) as error:
                answer = Refused(str(error), error.exit_code)
            if answer is not None:
                self._control.answer(client, answer)

    def _do(self, client: bytes, request: Request) -> Answer | None:
        """Do what a client asks; None: it is answered later.

        Raises:
            ModelError, OptionError, SourceError: it cannot be done.
        """
        match request:
            case List():
                return Cameras(tuple(map(self._report, self._roster.cameras.values())))
            case Add(name, values):
                camera = make_camera(name, {**self._defaults, **values})
                require_model(camera)
                self._change(self._roster.plus(camera))
                return Done(f"{name} is added")
            case Remove(name):
                self._change(self._roster.minus(name))
                return Done(f"{name} is removed")
            case Enable(name):
                refused = {name}.intersection(self._disabled())
                self._change(self._roster.switched(name, True), refused)
                why = self._roster.off(self._roster.find(name), datetime.now())
                return Done(f"{name} is enabled" + (f", and off {why}" if why else ""))
            case Disable(name):
                self._change(self._roster.switched(name, False))
                return Done(f"{name} is disabled")
            case TakeSnapshot(name):
                self._take_snapshot(client, name)
                return None
            case Reload():
                return Done(self._load_again())

    def _report(self, camera: CameraSettings) -> CameraReport:
        return CameraReport(
            status=self._board.statuses[camera.name],
            source=redact(camera.source.source),
            delay_ms=self._outlet.delays_ms.get(camera.name),
        )

    def _take_snapshot(self, client: bytes, name: str) -> None:
        self._roster.find(name)
        worker = self._team.worker_of(name)
        if worker is None:
            raise SourceError(f"{name} is not watched: {self._board.statuses[name].reason}")
        self._snapshots.ask(client, name, worker)


def _fixed(settings: ServiceSettings) -> tuple[object, ...]:
    """Return what is set for the whole service."""
    return settings.service, settings.access, settings.store, settings.health


def _changes(before: Mapping[str, CameraSettings], after: Mapping[str, CameraSettings]) -> str:
    """Say how many cameras are new, changed and gone."""
    added, removed = len(after.keys() - before.keys()), len(before.keys() - after.keys())
    changed = sum(before[name] != after[name] for name in before.keys() & after.keys())
    return f"cameras: {added} added, {changed} changed, {removed} removed"


def _number(count: int, thing: str) -> str:
    return f"{count} {thing}{'s' * (count != 1)}"
