"""What a configuration needs of this machine, and what of that is not there."""

import os
from collections.abc import Iterator
from pathlib import Path

from streamrec.config import AccessOptions, StoreOptions
from streamrec.errors import KeysError, OptionError, SourceOpenError
from streamrec.model_source import as_file_path
from streamrec.service.secrets import find_secret, lies_open, resolve, secret_names
from streamrec.service.settings import CameraSettings, ServiceSettings
from streamrec.sources.open import file_path, source_kind
from streamrec.store.place import is_own_folder, store_place


def remarks_on(settings: ServiceSettings) -> Iterator[str]:
    """Say which secrets are there, and warn of what is missing, without any secret."""
    yield from _on_access(settings.access)
    yield from _on_store(settings.store)
    for camera in settings.cameras.values():
        yield from _on_camera(camera)
        if settings.store.store == "none" and (camera.footage.thumbnail or camera.footage.clip):
            yield f"warning: cameras.{camera.name}: no thumbnails or clips, as 'store' is none"


def _on_access(access: AccessOptions) -> Iterator[str]:
    from streamrec.sockets.keys import read_secret_key

    if access.keys:
        try:
            read_secret_key(Path(access.keys))
        except KeysError as error:
            yield f"warning: keys: {error}"
    if access.clients and not _is_folder(Path(access.clients)):
        yield f"warning: clients: there is no folder {access.clients}"


def _on_store(options: StoreOptions) -> Iterator[str]:
    yield from _on_secrets("store", options.store)
    try:
        place = store_place(resolve(options.store), options.media)
    except SourceOpenError:
        return  # told as a secret that is missing
    except OptionError as error:
        yield f"warning: store: {error}"
        return
    if place is None:
        return
    folder = place.spool.parent
    if not (_is_folder(folder) or is_own_folder(folder)):
        yield f"warning: store: there is no folder {folder}; the service does not start without it"
    elif not _can_write(folder):
        yield f"warning: store: the folder {folder} cannot be written"


def _on_camera(camera: CameraSettings) -> Iterator[str]:
    where, source, model = f"cameras.{camera.name}", camera.source.source, camera.model.model or ""
    yield from _on_secrets(f"{where}.source", source)
    if not secret_names(source) and source_kind(source) == "file":
        path = file_path(source)
        if not _exists(path):
            yield f"warning: {where}.source: there is no file {path}"
    weights = as_file_path(model)
    if weights and not (_exists(weights) or _exists(Path(f"{weights}.index"))):
        yield f"warning: {where}.model: there is no file {weights}"


def _on_secrets(where: str, text: str) -> Iterator[str]:
    if lies_open(text):
        yield (
            f"warning: {where} has a password written out; write {{NAME}} in its place, and the "
            "password into the environment or a secrets file"
        )
    for name in secret_names(text):
        try:
            secret = find_secret(name)
        except SourceOpenError as error:
            yield f"warning: {where}: {error}"
        else:
            state = f"is in {secret.place}" if secret else "is missing here"
            yield f"{where}: the secret {name} {state}"


def _can_write(folder: Path) -> bool:
    """Tell whether a folder can be written, or be made."""
    nearest = next((path for path in (folder, *folder.parents) if _exists(path)), folder)
    return _is_folder(nearest) and os.access(nearest, os.W_OK | os.X_OK)


def _is_folder(path: Path) -> bool:
    return _exists(path) and path.is_dir()


def _exists(path: Path) -> bool:
    """Tell whether it is there for us; of what others keep from us ``Path.exists`` raises."""
    return os.access(path, os.F_OK)
