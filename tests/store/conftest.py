"""Both kinds of databases."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from postgres_server import MissingPostgresError, Postgres
from stored import Owner

from streamrec.config import StoreOptions
from streamrec.store.place import StorePlace, make_own_folder, store_place


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A running server; who stops it starts it again."""
    try:
        server = Postgres()
    except MissingPostgresError as error:
        pytest.skip(str(error))
    yield server
    server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> StorePlace:
    """A store in an empty database, of either kind."""
    monkeypatch.setenv("STREAMREC_HOME", str(tmp_path / "home"))
    if request.param == "sqlite":
        return store_place(str(tmp_path / "events.db"))
    place = store_place(request.getfixturevalue("postgres_server").new_database())
    make_own_folder(place)
    return place


@pytest.fixture
def owner() -> Iterator[Callable[..., Owner]]:
    """Make owners of stores, that end with the test."""
    made: list[Owner] = []

    def make(place: StorePlace, **options: object) -> Owner:
        made.append(Owner(place, StoreOptions(**options)))
        return made[-1]

    yield make
    for one in made:
        one.close(0.0)
