"""What the text of some options is, beside text."""

from collections.abc import Callable, Mapping
from pathlib import Path

from streamrec.errors import OptionError
from streamrec.health.address import parse_address
from streamrec.service.schedule import Schedule
from streamrec.service.secrets import secret_names
from streamrec.sockets.endpoint import parse_endpoint
from streamrec.sources.open import source_kind
from streamrec.sources.region import Region
from streamrec.store.place import store_place


def is_store_file(store: str) -> bool:
    """Tell whether the option ``store`` is a path, as far as that can be told without secrets."""
    return store not in ("auto", "none") and "://" not in store and not secret_names(store)


def _require_source(source: str) -> None:
    if not source.strip():
        raise OptionError("a source is not empty")
    if not source.startswith(tuple(f"{{{name}}}" for name in secret_names(source))):
        source_kind(source)


def _require_store(store: str) -> None:
    if not store.strip():
        raise OptionError("it is a file, postgresql://..., auto or none")
    if not store.startswith(tuple(f"{{{name}}}" for name in secret_names(store))):
        if is_store_file(store):
            _require_path(store)
        store_place(store)


def _require_path(path: str) -> None:
    try:
        Path(path).expanduser()
    except RuntimeError as error:
        raise OptionError(f"no folder is known for its '~': {error}") from None


def _require_address(address: str) -> None:
    if address:
        parse_address(address)


CHECKS: Mapping[str, Callable[[str], object]] = {
    "publish": parse_endpoint,
    "control": parse_endpoint,
    "replay": parse_endpoint,
    "source": _require_source,
    "region": Region.parse,
    "schedule": Schedule.parse,
    "store": _require_store,
    "media": _require_path,
    "keys": _require_path,
    "clients": _require_path,
    "metrics": _require_address,
}
"""By key; what they raise says what is wrong."""
