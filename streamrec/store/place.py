"""Which database a setting means, and what lies beside it."""

import os
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import platformdirs

from streamrec.errors import OptionError, StoreError

HOME_VARIABLE = "STREAMREC_HOME"

ELSEWHERE = "name another one with 'store' in the configuration"
"""What to do where a service cannot have its store."""


class StorePlace(NamedTuple):
    """Where events are kept.

    Attributes:
        url: the database: ``sqlite:///`` and its file, or ``postgresql+psycopg://...``.
        spool: file in which records wait where the database cannot take them.
        media: folder of thumbnails and clips.
    """

    url: str
    spool: Path
    media: Path


def store_place(store: str, media: str = "", *, base: Path | None = None) -> StorePlace | None:
    """Return what the options ``store`` and ``media`` mean; None for ``none``.

    Args:
        store: a file, ``postgresql://...``, ``auto`` or ``none``.
        media: folder of thumbnails and clips; empty: beside the database's file.
        base: what relative paths are relative to; None: the working folder.

    Raises:
        OptionError: another kind of database, or a folder.
    """
    if store == "none":
        return None
    home = _home()
    if store.startswith(("postgresql://", "postgres://")):
        address = store.partition("://")[2]
        spool = home / f"events-{_fingerprint(address)}.spool"
        return StorePlace(
            f"postgresql+psycopg://{address}", spool, _media(media, home / "media", base)
        )
    if "://" in store:
        kind = store.partition("://")[0]
        raise OptionError(f"events are kept in a file or in postgresql://...; got {kind}://")
    file = home / "events.db" if store == "auto" else (base or Path()) / Path(store).expanduser()
    file = file.absolute()
    if is_folder(file):
        raise OptionError(f"the store {file} is a folder; name a file in it, such as events.db")
    real = file.resolve()  # by whatever link: one file, one spool, one owner
    spool = real.with_name(f"{real.name}.spool")
    return StorePlace(f"sqlite:///{file}", spool, _media(media, file.parent / "media", base))


def is_folder(path: Path) -> bool:
    """Tell whether it is a folder for us; of what others keep from us ``Path.is_dir`` raises."""
    try:
        return path.is_dir()
    except OSError:
        return False


def is_own_folder(folder: Path) -> bool:
    """Tell whether it is the user's data folder, which is made; others have to be there."""
    return folder == _home().resolve()


def make_own_folder(place: StorePlace) -> None:
    """Make the user's data folder, if the store needs that.

    Raises:
        StoreError: it cannot be made.
    """
    folder = place.spool.parent
    if is_own_folder(folder):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(folder, error) from None


def require_folder(folder: Path) -> None:
    """Check that the folder of a store is there, as that of a disk that is not mounted is not.

    Raises:
        StoreError: it is not.
    """
    try:
        is_there = folder.is_dir()
    except OSError as error:
        raise cannot_write(folder, error) from None
    if not is_there:
        raise StoreError(
            f"there is no folder {folder} for the store: mount its disk, make it, or {ELSEWHERE}"
        )


def cannot_write(folder: Path, error: OSError) -> StoreError:
    """Return the error that a store whose folder cannot be written is."""
    return StoreError(
        f"the store in {folder} cannot be written: {error.strerror or error}; let this user "
        f"write there, or {ELSEWHERE}"
    )


def _fingerprint(address: str) -> str:
    """Tell a server's databases apart, whatever user and password are."""
    return f"{crc32(address.rpartition('@')[2].encode()):08x}"


def _media(media: str, default: Path, base: Path | None) -> Path:
    return ((base or Path()) / Path(media).expanduser()).absolute() if media else default


def _home() -> Path:
    home = os.environ.get(HOME_VARIABLE)
    return Path(home) if home else platformdirs.user_data_path("streamrec", appauthor=False)
