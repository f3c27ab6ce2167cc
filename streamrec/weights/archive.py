"""Unpacks downloaded archives: never outside the target, never more than a bounded size."""

import gzip
import shutil
import tarfile
import zlib
from pathlib import Path
from typing import IO, cast

from streamrec.errors import WeightsError

_MAX_BYTES = 1 << 30
_MAX_MEMBERS = 1_000
_MAX_READ_BYTES = 1 << 20


class _BoundedReader:
    """The unpacked stream, refusing what only a hostile archive would ask for.

    ``tarfile`` reads extended headers whole, whatever size they claim.
    """

    def __init__(self, file: gzip.GzipFile) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _MAX_READ_BYTES:
            raise WeightsError("the archive has a header of more than 1 MiB; it is refused")
        return self._file.read(size)

    def seek(self, position: int) -> int:
        if position > _MAX_BYTES:
            raise WeightsError("the archive unpacks to more than 1 GiB; it is refused")
        return self._file.seek(position)

    def tell(self) -> int:
        return self._file.tell()


def unpack(archive: Path, target: Path) -> None:
    """Unpack a ``.tar.gz`` of plain files and folders into the existing folder ``target``.

    Raises:
        WeightsError: not a readable archive, one that points outside the target, holds links or
            devices, or unpacks to more than 1 GiB or 1,000 files.
    """
    try:
        with gzip.open(archive) as packed:
            stream = cast("IO[bytes]", _BoundedReader(packed))
            with tarfile.open(fileobj=stream, mode="r:") as tar:
                for count, member in enumerate(tar):
                    _extract(tar, member, target, count)
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise WeightsError(f"cannot unpack {archive}: {error}") from error


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path, count: int) -> None:
    if count >= _MAX_MEMBERS or member.offset_data + member.size > _MAX_BYTES:
        raise WeightsError("the archive unpacks to more than 1,000 files or 1 GiB; it is refused")
    if not (member.isfile() or member.isdir()) or member.issparse():
        raise WeightsError(f"the archive holds {member.name!r}, which is no plain file")
    path = (target / member.name.lstrip("/")).resolve()
    if not path.is_relative_to(target.resolve()):
        raise WeightsError(f"the archive holds {member.name!r}, which points outside its folder")
    if member.isdir():
        path.mkdir(parents=True, exist_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:  # tarfile's own filters are missing in Python 3.11.2
        shutil.copyfileobj(cast("IO[bytes]", tar.extractfile(member)), file)
