"""Which database a setting means, and what lies beside it."""

import os
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import platformdirs

from streamrec.errors import OptionError

HOME_VARIABLE = "STREAMREC_HOME"


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
        OptionError: another kind of database.
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
    real = file.resolve()  # by whatever link: one file, one spool, one owner
    spool = real.with_name(f"{real.name}.spool")
    return StorePlace(f"sqlite:///{file}", spool, _media(media, file.parent / "media", base))


def _fingerprint(address: str) -> str:
    """Tell a server's databases apart, whatever user and password are."""
    return f"{crc32(address.rpartition('@')[2].encode()):08x}"


def _media(media: str, default: Path, base: Path | None) -> Path:
    return ((base or Path()) / Path(media).expanduser()).absolute() if media else default


def _home() -> Path:
    home = os.environ.get(HOME_VARIABLE)
    return Path(home) if home else platformdirs.user_data_path("streamrec", appauthor=False)
