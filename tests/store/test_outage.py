"""A database that is away under load: nothing is lost, and nobody waits."""

import os
import time

import pytest
from stored import event_record, numbers_in

from streamrec.store.place import store_place

DOWN_S = 20.0 if os.environ.get("STREAMREC_SLOW") else 1.0
RECORDS_S = 0.02


@pytest.mark.slow
def test_a_database_that_is_away_under_load_gets_everything_later(postgres_server, tmp_path, owner):
    place = store_place(postgres_server.new_database())._replace(spool=tmp_path / "spool")
    store, records = owner(place), []
    store.wait(lambda o: o.interrupted)

    def stream(seconds: float) -> None:
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            records.append(event_record())
            store.keep(records[-1])
            store.turn(RECORDS_S)

    stream(0.2)
    postgres_server.stop()
    try:
        stream(DOWN_S)
        store.wait_kept(records[-1])
    finally:
        postgres_server.start()
    stream(0.2)
    store.wait_stored()
    assert numbers_in(place.url) == [record.number for record in records]
    assert store.health.lost == 0
