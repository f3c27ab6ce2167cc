"""One service for each store: whose it is stands beside the spool."""

import os
import platform
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from streamrec.errors import StoreError
from streamrec.store.place import ELSEWHERE, cannot_write, require_folder


class Claim:
    """A store that no other service has, from ``take`` on.

    Args:
        spool: the store's spool.
        service: the service's process.
    """

    def __init__(self, spool: Path, service: int) -> None:
        self._lock = FileLock(spool.with_name(f"{spool.name}.lock"))
        self._note = spool.with_name(f"{spool.name}.owner")
        self._spool, self._service = spool, service

    def take(self, patience_s: float) -> None:
        """Wait for so many seconds until no other service has it.

        Raises:
            StoreError: one still has; or the folder is not there or cannot be written to.
        """
        require_folder(self._spool.parent)
        try:
            self._lock.acquire(timeout=patience_s)
        except Timeout:
            raise StoreError(
                f"another service ({self._holder()}) keeps its events in this store, see "
                f"{self._spool}: {ELSEWHERE}"
            ) from None
        except OSError as error:
            raise cannot_write(self._spool.parent, error) from None
        with suppress(OSError):  # on a full disk the spool may still have room
            self._note.write_text(f"process {self._service} on {platform.node()}", "utf-8")

    def release(self) -> None:
        """Leave it to others."""
        self._lock.release()

    def _holder(self) -> str:
        with suppress(OSError, UnicodeError):
            return self._note.read_text("utf-8")
        return "of another process"


def require_unclaimed(spool: Path, patience_s: float) -> None:
    """Check that no other service has a store; raises what ``take`` raises."""
    claim = Claim(spool, os.getpid())
    claim.take(patience_s)
    claim.release()
