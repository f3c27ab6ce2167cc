import os

from stored import Owner

from streamrec.config import StoreOptions
from streamrec.store.place import store_place


def test_old_footage_is_deleted_while_events_are_stored(tmp_path):
    place = store_place(str(tmp_path / "events.db"))
    day = place.media / "cam" / "2020-01-01"
    day.mkdir(parents=True)
    old, new = (day / f"{n * 8}-0000-0000-0000-000000000000.jpg" for n in "ab")
    for file in (old, new):
        file.write_bytes(b"picture")
    os.utime(old, (0, 0))
    store = Owner(place, StoreOptions(media_days=1.0))
    store.wait(lambda _: not old.exists())
    store.close()
    assert new.exists()
