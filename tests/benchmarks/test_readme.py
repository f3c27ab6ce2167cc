"""The README's tables come from the files of figures beside the benchmarks."""

from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RESULTS = sorted((ROOT / "benchmarks" / "results").glob("*.json"))
RESULT = {
    "command": "python benchmarks/run.py memory --rounds 3",
    "load": [0.1, 0.9],
    "rows": [{"engine": "onnx", "rss_mib": 100.0}],
}
RECORD = {
    "date": "2026-01-02T03:04:05+00:00",
    "machine": {
        "cpu": "A processor",
        "cores": 4,
        "usable_cores": 1,
        "flags": ["avx2"],
    },
    "results": {"memory": RESULT},
}
TEXT = "Before.\n<!-- benchmark: memory -->\nold\n<!-- end -->\nAfter.\n"


@pytest.fixture
def readme():
    return import_module("readme")


def test_a_block_is_replaced_and_all_else_is_left(readme):
    filled = readme.fill(TEXT, [RECORD])
    assert "| onnx | 100.0 |" in filled
    assert "old" not in filled
    assert "A processor (avx2), 1 of 4 cores, load 0.1 before, 0.9 after" in filled
    assert "`python benchmarks/run.py memory --rounds 3`, 2026-01-02" in filled
    assert filled.startswith("Before.\n<!-- benchmark: memory -->\n")
    assert filled.endswith("\n<!-- end -->\nAfter.\n")


def test_filling_again_changes_nothing(readme):
    filled = readme.fill(TEXT, [RECORD])
    assert readme.fill(filled, [RECORD]) == filled


def test_a_block_without_figures_stays_as_it_is(readme):
    text = TEXT.replace("memory", "step")
    assert readme.fill(text, [RECORD]) == text


def test_a_later_file_wins(readme):
    rows = [{"engine": "onnx", "rss_mib": 200.0}]
    later = {**RECORD, "results": {"memory": {**RESULT, "rows": rows}}}
    assert "| onnx | 200.0 |" in readme.fill(TEXT, [RECORD, later])


def test_the_markers_of_the_readmes_are_benchmarks_and_closed(readme):
    text = "".join(path.read_text(encoding="utf-8") for path in readme.READMES)
    names = readme.markers(text)
    assert set(names) == set(readme.BENCHMARKS)
    assert len(names) == len(set(names)) == text.count("<!-- benchmark:")
    assert len(names) == text.count("<!-- end -->")


@pytest.mark.parametrize("number", [0, 1])
def test_a_readme_shows_the_files_that_are_committed(readme, number):
    text = readme.READMES[number].read_text(encoding="utf-8")
    records = [readme.read(path) for path in RESULTS]
    assert set(readme.markers(text)) <= {name for record in records for name in record["results"]}
    assert readme.fill(text, records) == text
