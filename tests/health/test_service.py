"""A real service, as Prometheus and whoever starts it see it."""

import json
import socket
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from streamrec.service.settings_file import read_settings
from streamrec.service.supervisor import Supervisor

PATIENCE_S = 20.0


@contextmanager
def service(tmp_path, cameras, store=None):
    config = tmp_path / "cameras.yaml"
    own = dict.fromkeys(("publish", "control", "replay"), "tcp://127.0.0.1:*")
    address = f"127.0.0.1:{free_port()}"
    own |= {"store": store or str(tmp_path / "events.db"), "metrics": address}
    rows = {name: {"source": source} for name, source in cameras.items()}
    config.write_bytes(msgspec.json.encode({**own, "cameras": rows}))
    supervisor = Supervisor(
        read_settings(config), lambda: read_settings(config), module="scripted_worker"
    )
    thread = threading.Thread(target=supervisor.run)
    thread.start()
    try:
        yield f"http://{address}"
    finally:
        supervisor.stop()
        thread.join()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def get(url):
    try:
        with urllib.request.urlopen(url, timeout=10) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def wait(condition):
    """Return what it returns as soon as that is something."""
    end_s = time.monotonic() + PATIENCE_S
    while not (found := condition()):
        assert time.monotonic() < end_s, "it did not come to pass"
        time.sleep(0.1)
    return found


def samples(url):
    families = text_string_to_metric_families(get(f"{url}/metrics")[1])
    return {
        (sample.name.removeprefix("streamrec_"), sample.labels.get("camera")): sample.value
        for family in families
        for sample in family.samples
    }


def test_a_service_becomes_ready_counts_what_happens_and_is_gone_in_the_end(tmp_path):
    with service(tmp_path, {"door": "acts", "yard": "bad"}) as url:
        wait(lambda: get(f"{url}/readyz") == (200, '{"ready": true, "missing": []}\n'))
        status, health = get(f"{url}/healthz")
        assert status == 200 and json.loads(health)["healthy"]

        def grown():
            said = samples(url)
            wanted = ("events_total", "door"), ("store_written_total", None)
            return all(said.get(sample, 0) > 0 for sample in wanted) and said

        said = wait(grown)
        assert said["predictions_total", "door"] > 0
        assert said["workers", None] == 1
        assert ("camera_state", "yard") in said
    assert not reachable(url)


def reachable(url):
    try:
        return get(url)
    except urllib.error.URLError:
        return None


def test_a_worker_that_ends_is_counted(tmp_path):
    with service(tmp_path, {"door": "ends"}) as url:
        wait(lambda: samples(url)["worker_restarts_total", None] >= 1)
        assert samples(url)["camera_failures_total", "door"] >= 1


def test_a_database_that_never_answered_makes_it_unready_and_it_publishes_all_the_same(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("STREAMREC_HOME", str(tmp_path / "home"))
    store = "postgresql://me@127.0.0.1:1/events"
    with service(tmp_path, {"door": "live"}, store) as url:
        wait(lambda: samples(url).get(("predictions_total", "door"), 0) > 0)
        wait(lambda: ("store_up", None) in samples(url))
        status, text = get(f"{url}/readyz")
        assert status == 503
        assert json.loads(text)["missing"] == ["the store has not answered yet"]
