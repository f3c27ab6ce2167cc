"""Features as files."""

import sys

import numpy as np
import pytest

from streamrec.errors import OutputError, RuntimeMissingError
from streamrec.inspection.feature_file import save_features
from streamrec.inspection.features import FileFeatures

PICTURE = np.zeros((2, 2, 3), np.uint8)
VECTORS = np.arange(6, dtype=np.float32).reshape(2, 3)
FEATURES = [
    FileFeatures(f"{name}.mp4", vector, PICTURE)
    for name, vector in zip(("a", "\N{SNOWMAN}"), VECTORS, strict=True)
]


def test_npz_is_read_back_without_pickle(tmp_path):
    save_features(tmp_path / "out.npz", "tiny", FEATURES)
    with np.load(tmp_path / "out.npz", allow_pickle=False) as file:
        assert file["files"].tolist() == ["a.mp4", "\N{SNOWMAN}.mp4"]
        assert file["model"] == "tiny"
        assert file["features"].dtype == np.float32
        np.testing.assert_array_equal(file["features"], VECTORS)


def test_parquet_has_a_row_for_each_file(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet", reason="the features extra is not installed")
    save_features(tmp_path / "out.parquet", "tiny", FEATURES)
    rows = parquet.read_table(tmp_path / "out.parquet").to_pylist()
    assert rows[1] == {"file": "\N{SNOWMAN}.mp4", "model": "tiny", "features": [3.0, 4.0, 5.0]}
    assert len(rows) == 2


@pytest.mark.parametrize("name", ["out.csv", "out", "none/out.npz"])
def test_what_cannot_be_written_says_so(tmp_path, name):
    with pytest.raises(OutputError, match="cannot write"):
        save_features(tmp_path / name, "tiny", FEATURES)
    assert list(tmp_path.iterdir()) == []


def test_without_pyarrow_the_message_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(RuntimeMissingError, match=r"pip install .*\[features\].*npz"):
        save_features(tmp_path / "out.parquet", "tiny", FEATURES)
    save_features(tmp_path / "out.npz", "tiny", FEATURES)
