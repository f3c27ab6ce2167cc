"""A process that runs models for some cameras; started and fed by the supervisor.

It ends, whatever it does, when the supervisor hangs up or dies: nothing in it needs an orderly end
but clips that are being written.
"""

import logging
import math
import os
import socket
import threading
import time
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import NoReturn

from streamrec.child import Line, LineClosedError
from streamrec.service.engine import Engine
from streamrec.service.messages import (
    Alive,
    Begin,
    Forget,
    Happened,
    Predicted,
    Remarked,
    TakeSnapshot,
    Told,
    ToWorker,
    Watch,
)

ALIVE_S = 1.0
"""How often the supervisor hears that the loop goes round."""

FOOTAGE_S = 0.8
"""For so long it writes clips after the supervisor has hung up, which waits a second."""


def serve(connected: socket.socket) -> None:
    """Obey the supervisor at the other end of the line, until it has gone."""
    logging.getLogger("streamrec").addHandler(logging.NullHandler())  # statuses say it
    line: Line[ToWorker] = Line(connected, ToWorker)
    for name in ("streamrec.engine", "streamrec.footage"):
        logging.getLogger(name).addHandler(_Remarks(line))
    begin = line.receive()
    assert isinstance(begin, Begin)
    wake = threading.Event()
    orders: SimpleQueue[ToWorker] = SimpleQueue()
    engine = Engine(
        publish=lambda message, ready_s: line.send(Predicted(message, ready_s)),
        happen=lambda event: line.send(Happened(event)),
        tell=lambda status: line.send(Told(status)),
        show=line.send,
        wake=wake.set,
        top=begin.top,
        media=begin.media,
    )
    threading.Thread(target=_listen, args=(line, orders, wake, engine), daemon=True).start()
    try:
        _work(line, orders, wake, engine)
    except LineClosedError:
        _end(engine)


class _Remarks(logging.Handler):
    """Has the supervisor log what no status says."""

    def __init__(self, line: Line[ToWorker]) -> None:
        super().__init__()
        self._line = line

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(LineClosedError):
            self._line.send(Remarked(record.getMessage()))


def _work(
    line: Line[ToWorker], orders: "SimpleQueue[ToWorker]", wake: threading.Event, engine: Engine
) -> None:
    alive_s = -math.inf
    while True:
        _obey(engine, orders)
        if time.monotonic() - alive_s >= ALIVE_S:
            alive_s = time.monotonic()
            line.send(Alive())
        if not engine.turn():
            wake.wait(ALIVE_S / 4)
        wake.clear()


def _listen(
    line: Line[ToWorker], orders: "SimpleQueue[ToWorker]", wake: threading.Event, engine: Engine
) -> None:
    """Put orders where the loop finds them; end the process with the line."""
    try:
        while (order := line.receive()) is not None:
            orders.put(order)
            wake.set()
    except LineClosedError:
        pass
    _end(engine)


def _end(engine: Engine) -> NoReturn:
    """End the process, also where the loop hangs; clips that can be written yet are."""
    engine.finish_footage(FOOTAGE_S)
    os._exit(0)


def _obey(engine: Engine, orders: "SimpleQueue[ToWorker]") -> None:
    while True:
        try:
            order = orders.get_nowait()
        except Empty:
            return
        match order:
            case Watch(settings):
                engine.watch(settings)
            case Forget(camera):
                engine.forget(camera)
            case TakeSnapshot(camera, number):
                engine.snapshot(camera, number)
            case Begin():
                pass
