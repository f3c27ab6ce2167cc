"""A service with scripted workers: what becomes of its cameras, whatever happens to these."""

import os
import signal
import time

import pytest

from streamrec import child
from streamrec.service import team, workers
from streamrec.service.control import (
    Add,
    Disable,
    Enable,
    Reload,
    Remove,
    TakeSnapshot,
)

posix = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="signals of POSIX")


def pid_of(report) -> int:
    """The scripted worker says in the place of the model which process watches a camera."""
    return int(report.status.model.removeprefix("worker-"))


def kill_worker_of(running, name: str) -> None:
    os.kill(pid_of(running.cameras()[name]), signal.SIGKILL)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_predictions_are_numbered_and_published(service):
    with service({"door": "live"}).subscribe(source="door") as subscriber:
        messages = [subscriber.receive(20) for _ in range(5)]
    numbers = [message.sequence for message in messages]
    assert numbers == list(range(numbers[0], numbers[0] + 5))
    assert {message.session for message in messages} != {""}


def test_cameras_share_the_workers_that_are_asked_for(service):
    running = service({f"camera-{n}": "live" for n in range(4)}, workers=2)
    reports = running.wait_live(*(f"camera-{n}" for n in range(4)))
    assert len({pid_of(report) for report in reports.values()}) == 2


def test_a_camera_that_cannot_be_watched_leaves_the_others_alone(service):
    running = service({"door": "live", "yard": "bad"})
    running.wait_live("door")
    assert running.states()["yard"] == ("disabled", "there is no model 'nonsense'")


@posix
def test_a_worker_that_dies_is_replaced_and_its_cameras_resume(service):
    running = service({"door": "live", "yard": "live"})
    before = running.wait_live("door", "yard")
    with running.subscribe(source="door", kinds=("status",)) as subscriber:
        subscriber.receive(20)
        os.kill(pid_of(before["door"]), signal.SIGSEGV)
        lost, live = subscriber.receive(20), subscriber.receive(20)
    assert lost.state == "lost"
    assert lost.reason == "its worker ended with signal 11 (SIGSEGV); started again"
    assert live.state == "live"
    after = running.cameras()
    assert pid_of(after["door"]) != pid_of(before["door"])
    assert after["door"].status.counts == {"connections": 2, "failures": 1}


@posix
def test_a_worker_that_hangs_is_replaced(service, monkeypatch):
    monkeypatch.setattr(workers, "SILENCE_S", 0.5)
    running = service({"door": "live"})
    before = running.wait_live("door")
    os.kill(pid_of(before["door"]), signal.SIGSTOP)
    running.wait(lambda reports: reports["door"].status.counts.get("failures") == 1)
    running.wait_live("door")
    assert not is_running(pid_of(before["door"]))


def test_a_camera_that_kills_workers_ends_alone_and_the_others_live_on(service, monkeypatch):
    monkeypatch.setattr(child, "LONGEST_WAIT_S", 0.2)
    running = service({"door": "live", "yard": "ends", "hall": "live"})
    reports = running.wait(
        lambda reports: (
            reports["yard"].status.counts.get("failures", 0) > team.MOST_DEATHS
            and all(reports[name].status.state == "live" for name in ("door", "hall"))
        )
    )
    assert "ended with exit status 3" in reports["yard"].status.reason
    assert reports["door"].status.counts["failures"] == team.MOST_DEATHS
    running.wait(lambda r: r["yard"].status.counts["failures"] > team.MOST_DEATHS + 1)
    assert running.cameras()["door"].status.counts["failures"] == team.MOST_DEATHS


def test_who_was_apart_and_did_no_harm_goes_back_to_the_others(service, monkeypatch):
    monkeypatch.setattr(child, "LONGEST_WAIT_S", 0.2)
    running = service({"door": "live", "yard": "ends", "hall": "live"})
    running.wait(lambda r: r["yard"].status.counts.get("failures", 0) > team.MOST_DEATHS)
    apart = running.wait_live("door", "hall")
    assert pid_of(apart["door"]) != pid_of(apart["hall"])
    monkeypatch.setattr(workers, "DEATHS_S", 1.0)
    running.ask(Remove("yard"))
    running.wait(lambda r: r["door"].status.model == r["hall"].status.model != "")


def test_a_camera_that_is_off_is_not_watched_and_says_why(service):
    running = service(
        {"door": "live", "yard": {"source": "live", "enabled": False}}, publish="inproc://off"
    )
    running.wait_live("door")
    assert running.states()["yard"] == ("disabled", "in the configuration")


def test_a_camera_is_watched_by_its_schedule(service):
    soon = time.strftime("%H:%M", time.localtime(time.time() + 7200))
    later = time.strftime("%H:%M", time.localtime(time.time() + 10800))
    running = service({"door": {"source": "live", "schedule": f"{soon}-{later}"}})
    assert running.states()["door"] == ("disabled", f"by its schedule until {soon}")


def test_commands_overrule_the_configuration_until_it_is_read_again(service):
    running = service({"door": "live", "yard": {"source": "live", "enabled": False}})
    running.wait_live("door")
    running.ask(Enable("yard"))
    running.ask(Disable("door"))
    assert running.states()["door"] == ("disabled", "by command")
    running.wait_live("yard")
    running.ask(Reload())
    assert running.states()["yard"] == ("disabled", "in the configuration")
    running.wait_live("door")


def test_a_camera_can_be_added_and_removed(service):
    running = service({"door": "live"})
    running.ask(Add("yard", {"source": "live", "rate": 2}))
    running.wait_live("yard")
    running.ask(Remove("yard"))
    assert running.cameras().keys() == {"door"}


def test_a_camera_added_by_command_has_the_defaults_that_were_read_last(service):
    running = service({}, defaults={"enabled": False})
    running.ask(Add("door", {"source": "live"}))
    running.ask(Add("yard", {"source": "live", "enabled": True}))
    running.write({})
    running.ask(Reload())
    running.ask(Add("hall", {"source": "live"}))
    running.wait_live("yard", "hall")
    assert running.states()["door"] == ("disabled", "in the configuration")


def test_a_camera_added_by_command_outlives_a_reload(service):
    running = service({"door": "live"})
    running.ask(Add("yard", {"source": "live"}))
    running.ask(Reload())
    assert running.cameras().keys() == {"door", "yard"}


def test_who_subscribes_late_hears_nothing_of_cameras_that_were_removed(service):
    running = service({"door": "live", "yard": "live"})
    running.wait_live("door", "yard")
    with running.subscribe(kinds=("status",), source="yard") as subscriber:
        subscriber.receive(20)
        running.ask(Remove("yard"))
        assert subscriber.receive(20).reason == "removed"
    with running.subscribe(kinds=("status",)) as subscriber:
        assert subscriber.receive(20).source == "door"
        assert subscriber.receive(0.5) is None


def test_a_reload_leaves_alone_what_has_not_changed(service):
    running = service({"door": "live", "yard": "live", "hall": "live"})
    before = running.wait_live("door", "yard", "hall")
    running.write({"door": "live", "yard": {"source": "live", "rate": 1}, "gate": "live"})
    answer, _ = running.ask(Reload())
    assert answer.text == "cameras: 1 added, 1 changed, 1 removed"
    after = running.wait_live("door", "yard", "gate")
    assert after.keys() == {"door", "yard", "gate"}
    assert after["door"].status == before["door"].status
    assert after["yard"].status.counts == {"connections": 2}


def test_a_reload_tries_again_what_was_refused(service):
    running = service({"yard": "bad"})
    running.wait(lambda reports: reports["yard"].status.counts.get("connections") == 1)
    running.ask(Reload())
    running.wait(lambda reports: reports["yard"].status.counts.get("connections") == 2)


def test_a_reload_says_what_needs_a_restart(service):
    running = service({"door": "live"})
    running.write({"door": "live"}, workers=2)
    assert "next start" in running.ask(Reload())[0].text


def test_a_configuration_that_is_wrong_changes_nothing(service, caplog):
    running = service({"door": "live"})
    running.wait_live("door")
    running.config.write_text("cameras:\n  door:\n    sauce: live\n")
    running.supervisor.reload()
    end_s = time.monotonic() + 10
    while "nothing is changed" not in caplog.text and time.monotonic() < end_s:
        time.sleep(0.05)
    assert "sauce" in caplog.text
    assert running.states()["door"] == ("live", "")


def test_a_snapshot_comes_with_the_answer(service):
    running = service({"door": "live"})
    running.wait_live("door")
    assert running.ask(TakeSnapshot("door"))[1] == b"picture of door"


def test_changes_are_logged_once(service, caplog):
    caplog.set_level("INFO", "streamrec")
    running = service({"door": "live", "yard": "bad"})
    running.wait_live("door")
    running.stop()
    lines = [record.getMessage() for record in caplog.records]
    assert lines.count("door is live") == 1
    assert lines.count("yard is disabled: there is no model 'nonsense'") == 1
    assert lines.count("door is disabled: the service ended") == 1


def test_the_end_is_told_and_leaves_no_process(service):
    running = service({"door": "live"})
    report = running.wait_live("door")["door"]
    with running.subscribe(source="door", kinds=("status",)) as subscriber:
        subscriber.receive(20)
        running.stop()
        last = subscriber.receive(20)
    assert (last.state, last.reason) == ("disabled", "the service ended")
    assert not is_running(pid_of(report))


@posix
def test_it_stops_within_two_seconds_whatever_its_workers_do(service):
    running = service({"door": "hangs", "yard": "ends", "hall": "live"}, workers=3)
    running.wait_live("hall")
    started_s = time.monotonic()
    running.stop()
    assert time.monotonic() - started_s < 2.0


def test_the_end_of_the_service_is_why_its_events_end(service):
    running = service({"door": "acting"})
    with running.subscribe(kinds=("event",)) as subscriber:
        assert subscriber.receive(20).phase == "start"
        running.stop()
        assert last_of(subscriber).reason == "shutdown"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda service: service.ask(Disable("door")), "disabled"),
        (lambda service: service.ask(Remove("door")), "disabled"),
        pytest.param(lambda service: kill_worker_of(service, "door"), "failed", marks=posix),
    ],
)
def test_events_end_where_their_camera_is_not_watched_any_more(service, change, reason):
    running = service({"door": "acting"})
    with running.subscribe(kinds=("event",)) as subscriber:
        started = subscriber.receive(20)
        change(running)
        end = last_of(subscriber)
    assert (end.id, end.reason) == (started.id, reason)


def last_of(subscriber):
    """The end of an event."""
    return next(message for message in subscriber if message.phase == "end")


def test_the_first_line_names_the_places_that_there_are_and_no_others(service, caplog):
    caplog.set_level("INFO", "streamrec")
    running = service({})
    running.cameras()
    ready = next(record.message for record in caplog.records if "ready" in record.message)
    places = running.supervisor.publishes_on, running.supervisor.controlled_at
    assert ready == "ready: 0 cameras, 1 worker; publishing on {}, commands at {}".format(*places)


def test_at_the_end_only_those_that_were_watched_are_logged_as_disabled(service, caplog):
    caplog.set_level("INFO", "streamrec")
    running = service({"door": "live", "yard": {"source": "live", "enabled": False}})
    running.wait_live("door")
    running.stop()
    disabled = [record.message for record in caplog.records if "is disabled" in record.message]
    assert disabled == [
        "yard is disabled: in the configuration", "door is disabled: the service ended",
    ]  # fmt: skip
