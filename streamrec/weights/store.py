"""The model store: a folder of models by name, each checked against its recorded checksum.

Layout below the root: ``models/NAME/`` holds ``weights.safetensors``, ``record.json`` and whatever
else is derived from the weights (exported graphs); ``downloads/`` holds files on their way.

What fetches weights, and reads them in other forms than our own, is loaded when it is called for.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import platformdirs

from streamrec.atomic import atomic_path
from streamrec.config import EMBEDDED_MODEL
from streamrec.errors import (
    DownloadError,
    LabelsError,
    OptionError,
    OutputError,
    UnknownModelError,
    WeightsError,
)
from streamrec.models.architecture import Architecture
from streamrec.models.registry import ARCHITECTURES, ENSEMBLES, architecture, unknown_name
from streamrec.weights.download import fetch_checked
from streamrec.weights.files import Progress, sha256_of
from streamrec.weights.labels import embedded_labels
from streamrec.weights.model_file import load_model, read_architecture, read_class_names, save_model
from streamrec.weights.model_weights import ModelWeights
from streamrec.weights.published import PUBLISHED, Published

if TYPE_CHECKING:
    from streamrec.weights.traits import Traits

HOME_VARIABLE = "STREAMREC_HOME"

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
_WEIGHTS = "weights.safetensors"
_RECORD = "record.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredModel:
    """What the store knows of a model without opening its weights.

    Attributes:
        name: the name in the store.
        architecture: the architecture's name.
        classes: number of classes.
        labelled: whether the class names are known.
        source: the file or address that it came from.
        source_sha256: checksum of that file as it was first fetched or imported; of several
            files, theirs in order.
        sha256: checksum of the stored weights.
        size_bytes: size of the stored weights.
        added: when it was stored, UTC, ISO 8601.
    """

    name: str
    architecture: str
    classes: int
    labelled: bool
    source: str
    source_sha256: str | None
    sha256: str
    size_bytes: int
    added: str


def default_root() -> Path:
    """Return the store's folder: ``STREAMREC_HOME``, else the platform's cache folder."""
    home = os.environ.get(HOME_VARIABLE)
    return (
        Path(home).expanduser()
        if home
        else platformdirs.user_cache_path("streamrec", appauthor=False)
    )


class Store:
    """Models by name in one folder. Several processes may use it at once."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = default_root() if root is None else root

    def names(self) -> list[str]:
        """Return the stored models' names in order."""
        return sorted(path.parent.name for path in self._models.glob(f"*/{_RECORD}"))

    def __contains__(self, name: str) -> bool:
        return _NAME.fullmatch(name) is not None and (self._models / name / _RECORD).is_file()

    def folder(self, name: str) -> Path:
        """Return a model's folder, where files derived from its weights may be kept.

        Raises:
            UnknownModelError: no such model is stored; the message has the nearest names.
        """
        if name not in self:
            raise self._unknown(name)
        return self._models / name

    def info(self, name: str) -> StoredModel:
        """Return what is recorded of a model.

        Raises:
            UnknownModelError: no such model is stored.
            WeightsError: its record is corrupt.
        """
        path = self.folder(name) / _RECORD
        try:
            return msgspec.json.decode(path.read_bytes(), type=StoredModel)
        except (OSError, msgspec.MsgspecError) as error:
            raise WeightsError(f"{path} cannot be read: {error}; {_remedy(name)}") from error

    def load(self, name: str) -> ModelWeights:
        """Return a stored model, after checking it against its recorded checksum.

        Raises:
            UnknownModelError: no such model is stored.
            WeightsError: it has changed since it was stored.
        """
        record = self.info(name)
        path = self.folder(name) / _WEIGHTS
        if sha256_of(path) != record.sha256:
            raise WeightsError(f"{path} has changed since it was stored; {_remedy(name)}")
        return load_model(path)

    def architecture(self, name: str) -> Architecture:
        """Return a stored model's record, without reading or checking its weights.

        Raises:
            UnknownModelError: no such model is stored.
            WeightsError: its file cannot be read.
        """
        return read_architecture(self.folder(name) / _WEIGHTS)

    def class_names(self, name: str) -> tuple[str, ...]:
        """Return a stored model's class names, or their numbers, without reading its weights.

        Raises:
            UnknownModelError: no such model is stored.
            WeightsError: its file cannot be read.
        """
        return read_class_names(self.folder(name) / _WEIGHTS)

    def add(
        self,
        name: str,
        weights: ModelWeights,
        source: str = "",
        source_sha256: str | None = None,
    ) -> StoredModel:
        """Store a model under a name that is not taken.

        Raises:
            OptionError: the name is malformed or taken.
            OutputError: the store cannot be written.
            WeightsError: the tensors do not fit the architecture.
        """
        self._check_free(name)
        try:
            self._models.mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(prefix=".new-", dir=self._models))
        except OSError as error:
            raise OutputError(f"cannot write {self._models}: {error.strerror}") from error
        try:
            save_model(folder / _WEIGHTS, weights)
            record = _record(name, weights, folder / _WEIGHTS, source, source_sha256)
            with atomic_path(folder / _RECORD) as temporary:
                temporary.write_bytes(msgspec.json.format(msgspec.json.encode(record)))
            return self._put(folder, record)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _put(self, folder: Path, record: StoredModel) -> StoredModel:
        target = self._models / record.name
        try:
            if target.exists() and record.name not in self:
                shutil.rmtree(target)
            folder.rename(target)
        except OSError as error:
            raise OutputError(f"cannot store {record.name!r}: {error.strerror}") from error
        return record

    def import_file(
        self,
        path: Path,
        name: str,
        *,
        architecture: Architecture | None = None,
        labels: tuple[str, ...] | None = None,
        traits: "Traits | None" = None,
        inflate: bool = False,
    ) -> StoredModel:
        """Store weights from a file or folder under ``name``; see ``load_weights``.

        Raises:
            OptionError: the name is malformed, taken or that of another architecture; a trait that
                is not allowed; or nothing to inflate to.
            WeightsError: the weights cannot be read or are of another architecture.
            LabelsError: the labels do not fit the number of classes.
        """
        from streamrec.weights.load import load_weights

        self._check_free(name)
        weights = load_weights(path, architecture, labels, traits, inflate=inflate)
        _check_not_misleading(name, weights.architecture)
        checksum = sha256_of(path) if path.is_file() else None
        return self.add(name, weights, str(path.resolve()), checksum)

    def pull(self, name: str, progress: Progress | None = None) -> StoredModel:
        """Return a model's record, after fetching it if it is published and not stored yet.

        Args:
            name: a stored or a published model.
            progress: told of the bytes received of the weights.

        Raises:
            UnknownModelError: neither stored nor published; the message has the nearest names.
            DownloadError: it cannot be fetched; the message says what to put where.
            WeightsError: what was fetched is corrupt.
            OutputError: the store cannot be written.
        """
        if name in self:
            return self.info(name)
        if name not in PUBLISHED:
            raise self._unknown(name)
        return self.pull_from(PUBLISHED[name], name, progress)

    def pull_from(
        self, published: Published, name: str, progress: Progress | None = None
    ) -> StoredModel:
        """Fetch ``published`` and store it as ``name``, unless that name is stored already.

        Processes that pull the same name wait for one another.

        Raises:
            DownloadError: it cannot be fetched; the message says what to put where.
            WeightsError: what was fetched is corrupt.
            OptionError: the name is malformed.
            OutputError: the store cannot be written.
        """
        from filelock import FileLock

        _check_name(name)
        try:
            self._models.mkdir(parents=True, exist_ok=True)
            with FileLock(self._models / f".{name}.lock"):
                return self.info(name) if name in self else self._pull(published, name, progress)
        except OSError as error:
            raise OutputError(f"cannot write {self._models}: {error.strerror}") from error

    def _pull(self, published: Published, name: str, progress: Progress | None) -> StoredModel:
        downloads = self.root / "downloads"
        _check_at_hand(published, name, downloads)
        files = [fetch_checked(file, downloads, progress) for file in published.files]
        try:
            weights = _read(published, [file.path for file in files])
        except (WeightsError, LabelsError):
            for file in files:
                file.reject()
            raise
        for file in files:
            file.trust()
        record = self.add(name, weights, published.source, " ".join(f.sha256 for f in files))
        for file in files:
            file.discard()
        return record

    def remove(self, name: str) -> None:
        """Delete a model and everything derived from it.

        Raises:
            UnknownModelError: no such model is stored.
            OutputError: it cannot be deleted.
        """
        folder = self.folder(name)
        try:
            (folder / _RECORD).unlink(missing_ok=True)
            shutil.rmtree(folder)
        except OSError as error:
            raise OutputError(f"cannot delete {folder}: {error.strerror}") from error

    @property
    def _models(self) -> Path:
        return self.root / "models"

    def _unknown(self, name: str) -> UnknownModelError:
        if name in ARCHITECTURES:
            return UnknownModelError(
                f"no weights of {name} are published; import some with `streamrec models import "
                f"FILE --as {name}`, or take untrained:{name} to try its speed"
            )
        return UnknownModelError(
            unknown_name(name, sorted({*self.names(), *PUBLISHED, *ENSEMBLES, EMBEDDED_MODEL}))
        )

    def _check_free(self, name: str) -> None:
        _check_name(name)
        if name in self:
            raise OptionError(
                f"a model named {name!r} is stored already; take another name or remove it with "
                f"`streamrec models rm {name}`"
            )


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise OptionError(
            f"{name!r} is no model name: lower-case letters, digits, '.', '_' and '-', at most "
            "64, beginning and ending with a letter or digit"
        )


def _check_not_misleading(name: str, architecture: Architecture) -> None:
    published = PUBLISHED[name].architecture if name in PUBLISHED else name
    if published != architecture.name and name in {*PUBLISHED, *ARCHITECTURES}:
        raise OptionError(
            f"{name!r} is the name of a {published}, which this {architecture.name} would hide; "
            "take another name"
        )


def _check_at_hand(published: Published, name: str, downloads: Path) -> None:
    """Refuse what people must fetch by hand, and have not; say how."""
    for file in published.files:
        path = downloads / file.by_hand
        if file.by_hand and not path.exists():
            downloads.mkdir(parents=True, exist_ok=True)
            labels = f" --labels {published.labels}" if published.labels else ""
            raise DownloadError(
                f"{file.by_hand} can be fetched by hand only, from {file.url}; put it at {path}, "
                f"or import it: `streamrec models import {file.by_hand} --as {name} "
                f"--architecture {published.architecture}{labels}`"
            )


def _read(published: Published, paths: Sequence[Path]) -> ModelWeights:
    """Read what was fetched."""
    from streamrec.weights.load import load_parts, load_weights

    record = architecture(published.architecture)
    labels = embedded_labels(published.labels) if published.labels else None
    if len(paths) == 1:
        weights = load_weights(paths[0], record, labels)
    else:
        prefixes = (file.prefix for file in published.files)
        weights = load_parts(dict(zip(prefixes, paths, strict=True)), record, labels)
    origin = {"source": published.source, "license": published.license}
    return replace(weights, provenance={**weights.provenance, **origin})


def _record(
    name: str, weights: ModelWeights, path: Path, source: str, source_sha256: str | None
) -> StoredModel:
    return StoredModel(
        name=name,
        architecture=weights.architecture.name,
        classes=weights.architecture.classes,
        labelled=weights.labels is not None,
        source=source,
        source_sha256=source_sha256,
        sha256=sha256_of(path),
        size_bytes=path.stat().st_size,
        added=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _remedy(name: str) -> str:
    return f"remove it with `streamrec models rm {name}` and fetch or import it again"
