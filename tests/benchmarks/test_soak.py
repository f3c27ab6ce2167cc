"""What the soak run makes of what it sees."""

from importlib import import_module

import pytest

KINDS = ("capture", "worker", "supervisor")
GROWING = {"rss_mib": 100.0, "threads": 4, "descriptors": 20}


@pytest.fixture
def soak():
    return import_module("soak")


def sample(number, growth=0.0):
    used = {name: dict.fromkeys(KINDS, start + growth * number) for name, start in GROWING.items()}
    delays = {"p50": 5.0, "p95": 6.0, "p99": 7.0, "most": 9.0}
    return {
        "time_s": 5.0 * number,
        "processes": dict.fromkeys(KINDS, 1),
        **used,
        "delay_ms": delays,
        "healthy_hz": 10.0,
        "all_hz": 20.0,
        "counts": {"frames": 50 * number, "losses": number},
    }


def run_of(soak, samples, **facts):
    clean = {"lost": 0, "late": 0, "silence_s": 0.3, "workers_replaced": 0, "healthy": 2}
    return soak.Run(samples=samples, faults={"drop": 3}, **{**clean, **facts})


def bad(soak, run):
    return [row[0] for row in soak.verdicts(run, wanted_hz=5.0).rows if row[-1] == "BAD"]


def test_a_run_without_fault_is_good(soak):
    assert bad(soak, run_of(soak, [sample(i) for i in range(40)])) == []


def test_what_grows_is_bad(soak):
    told = bad(soak, run_of(soak, [sample(i, growth=0.1) for i in range(40)]))
    assert len(told) == 9
    assert "MiB of a worker process, an hour" in told


@pytest.mark.parametrize(
    "fact", [{"lost": 1}, {"late": 1}, {"silence_s": 3.0}, {"workers_replaced": 1}, {"healthy": 3}]
)
def test_what_must_not_happen_is_bad(soak, fact):
    assert len(bad(soak, run_of(soak, [sample(i) for i in range(40)], **fact))) == 1


def test_the_first_quarter_may_grow(soak):
    samples = [sample(max(0, 10 - i), growth=-1.0) | {"time_s": 5.0 * i} for i in range(40)]
    assert bad(soak, run_of(soak, samples)) == []


def test_curves_are_drawn(soak, tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    import_module("soak_plot").draw([sample(i) for i in range(4)], tmp_path / "soak.png")
    assert (tmp_path / "soak.png").stat().st_size > 10_000


class Server:
    """Takes what a server is told; a halted or killed one could not answer."""

    names = ("a", "b")

    def __init__(self):
        self.runs, self.told = True, []

    def do(self, command):
        assert self.runs
        self.told.append(command)

    def pause(self):
        self.runs = False

    kill = pause

    def resume(self):
        self.runs = True

    restart = resume


def test_each_fault_ends_before_the_next(soak, monkeypatch):
    now_s = 0.0
    monkeypatch.setattr(soak.time, "monotonic", lambda: now_s)
    server = Server()
    troubles = soak.Troubles(server, seed=0)
    for now_s in range(0, 4000, 10):  # noqa: B007 - the clock above reads it
        troubles.turn()
    assert set(troubles.happened) == {f.split()[0] for f in soak.FAULTS} | set(soak.WHOLE_SERVER)
    for fault, restored in zip(server.told[::2], server.told[1::2], strict=False):
        assert restored == f"restore {fault.split()[1]}"
