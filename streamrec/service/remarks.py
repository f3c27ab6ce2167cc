"""What a configuration needs of this machine, and what of that is not there."""

import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from streamrec.config import StoreOptions
from streamrec.errors import KeysError, ModelError, SourceOpenError, StreamrecError
from streamrec.service.model_labels import labels_at_hand, model_of
from streamrec.service.secrets import find_secret, lies_open, resolve, secret_names
from streamrec.service.settings import CameraSettings, ServiceSettings
from streamrec.sources.open import file_path, source_kind
from streamrec.store.place import (
    cannot_write,
    is_folder,
    is_own_folder,
    require_folder,
    store_place,
)

WARNING = "warning: "
"""How remarks begin on what keeps a camera, or a part of it, from working."""


def faults_in(settings: ServiceSettings) -> Iterator[StreamrecError]:
    """Yield what keeps the service from starting here, without any secret.

    The first is what it would end with; but for what only a start shows, as an endpoint or a store
    that another program has.
    """
    for key, check in (
        ("keys", _check_keys),
        ("clients", _check_clients),
        ("store", lambda settings: _check_store(settings.store)),
    ):
        try:
            check(settings)
        except StreamrecError as error:
            yield type(error)(f"{key}: {error}")


def remarks_on(settings: ServiceSettings) -> Iterator[str]:
    """Say which secrets are there, and warn of what cameras miss, without any secret."""
    yield from _on_secrets("store", settings.store.store)
    for camera in settings.cameras.values():
        yield from _on_camera(camera)
        if settings.store.store == "none" and (camera.footage.thumbnail or camera.footage.clip):
            yield f"{WARNING}cameras.{camera.name}: no thumbnails or clips, as 'store' is none"


def _check_keys(settings: ServiceSettings) -> None:
    from streamrec.sockets.access import service_keys

    service_keys(settings.access)


def _check_clients(settings: ServiceSettings) -> None:
    clients = settings.access.clients
    if clients and not is_folder(Path(clients)):
        raise KeysError(f"there is no folder {clients}")


def _check_store(options: StoreOptions) -> None:
    from streamrec.store.keeper import require_driver

    place = store_place(resolve(options.store), options.media)
    if place is None:
        return
    require_driver(place)
    folder = place.spool.parent
    if not is_own_folder(folder):
        require_folder(folder)
    if not _can_write(folder):
        raise cannot_write(folder, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))


def _on_camera(camera: CameraSettings) -> Iterator[str]:
    where, source = f"cameras.{camera.name}", camera.source.source
    yield from _on_secrets(f"{where}.source", source)
    yield from _on_missing_secrets(f"{where}.source", source)
    if not secret_names(source) and source_kind(source) == "file":
        path = file_path(source)
        if not _exists(path):
            yield f"{WARNING}{where}.source: there is no file {path}"
    try:
        labels_at_hand(model_of(camera))
    except ModelError as error:
        yield f"{WARNING}{where}.model: {error}"


def _on_secrets(where: str, text: str) -> Iterator[str]:
    if lies_open(text):
        yield (
            f"{WARNING}{where} has a password written out; write {{NAME}} in its place, and the "
            "password into the environment or a secrets file"
        )
    for name in secret_names(text):
        with suppress(SourceOpenError):
            if secret := find_secret(name):
                yield f"{where}: the secret {name} is in {secret.place}"


def _on_missing_secrets(where: str, text: str) -> Iterator[str]:
    for name in secret_names(text):
        try:
            if find_secret(name) is None:
                yield f"{WARNING}{where}: the secret {name} is missing here"
        except SourceOpenError as error:
            yield f"{WARNING}{where}: {error}"


def _can_write(folder: Path) -> bool:
    """Tell whether a folder can be written, or be made."""
    nearest = next((path for path in (folder, *folder.parents) if _exists(path)), folder)
    return is_folder(nearest) and os.access(nearest, os.W_OK | os.X_OK)


def _exists(path: Path) -> bool:
    """Tell whether it is there for us; of what others keep from us ``Path.exists`` raises."""
    return os.access(path, os.F_OK)
