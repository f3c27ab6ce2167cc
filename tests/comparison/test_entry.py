from dataclasses import replace

import pytest

from streamrec.comparison.entry import enter, run_entry
from streamrec.config import ModelOptions, WindowOptions
from streamrec.errors import DownloadError, SourceOpenError, UnknownModelError
from streamrec.weights import store as store_module
from streamrec.weights.published import PUBLISHED, PublishedFile

SMALL = "movinet-t0-stream"
"""Published by nobody."""


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("STREAMREC_HOME", str(tmp_path))


@pytest.fixture
def offline(monkeypatch):
    """The small model is published, but nobody answers."""
    nowhere = PublishedFile(url="http://127.0.0.1:9/weights.safetensors", sha256="0" * 64)
    published = replace(PUBLISHED["movinet-a0-stream"], architecture=SMALL, files=(nowhere,))
    monkeypatch.setattr(store_module, "PUBLISHED", {SMALL: published})


def entered(name: str, *, allow_untrained: bool = False, **windows):
    return enter(name, ModelOptions(), WindowOptions(**windows), allow_untrained=allow_untrained)


def test_a_model_without_weights_is_refused_unless_random_ones_will_do():
    with pytest.raises(UnknownModelError, match=SMALL):
        entered(SMALL)
    entry = entered(SMALL, allow_untrained=True)
    assert (entry.model, entry.untrained) == (SMALL, True)
    assert entry.cost.macs > entry.cost.parameters > 0


def test_so_is_one_that_cannot_be_fetched(offline):
    with pytest.raises(DownloadError, match=r"127\.0\.0\.1"):
        entered(SMALL)
    entry = entered(SMALL, allow_untrained=True)
    assert (entry.source, entry.untrained) == (f"untrained:{SMALL}", True)


def test_a_name_that_means_nothing_stays_an_error():
    with pytest.raises(UnknownModelError):
        entered("movinet-a0-strem", allow_untrained=True)


def test_random_weights_may_be_asked_for_by_name():
    assert entered(f"untrained:{SMALL}").untrained


def test_a_model_at_hand_runs_over_all_files():
    entry, frames = entered("gestures"), []
    files = ["synthetic:?width=64&height=48&seconds=1", "synthetic:?width=64&height=48&seconds=2"]
    run = run_entry(entry, files, False, lambda: frames.append(1))
    assert not entry.untrained
    assert [seen.answer.frames for seen in run.observations] == [30, 60]
    assert len(frames) == 90
    assert run.peak_memory_bytes is None or run.peak_memory_bytes > 10 * 2**20


def test_a_file_that_is_gone_is_told():
    with pytest.raises(SourceOpenError):
        run_entry(entered("gestures"), ["gone.avi"], False, lambda: None)
