"""Old footage is deleted beside the writing of events, which does not wait for it."""

import os
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from streamrec.footage.retention import sweep
from streamrec.store.messages import Open

SWEEP_S = 600.0
"""By what comes in this time footage may be too large."""

_LOWEST = 19


def start_sweeping(place: Open) -> None:
    """Look for old footage now and every ten minutes, as long as this process lives."""
    if place.media and (place.media_days or place.media_gib):
        threading.Thread(target=_sweep, args=(place,), name="sweeper", daemon=True).start()


def _sweep(place: Open) -> None:
    if sys.platform == "linux":  # where each thread has a priority of its own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LOWEST)
    while True:
        with suppress(OSError):  # a folder that cannot be read now: again later
            sweep(Path(place.media), place.media_days, place.media_gib)
        time.sleep(SWEEP_S)
