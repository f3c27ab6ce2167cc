"""Rows become tables."""

from importlib import import_module

import pytest

HALF = {"median": 0.5, "q1": 0.4, "q3": 0.6}
ROWS = [
    {"model": "A0", "engine": "ours", "median_ms": 1.0, "ratios": {"X": HALF, "Y": HALF}},
    {"model": "A0", "engine": "X", "median_ms": 2.0, "ratios": {"Y": HALF}},
    {"model": "A1", "engine": "ours", "median_ms": 3.456, "ratios": {}},
]


@pytest.fixture
def tables():
    return import_module("tables")


def test_a_plain_table_has_a_column_for_each_fact_and_each_baseline(tables):
    table = tables.plain(ROWS)
    assert table.headers == ("model", "engine", "median ms", "/ X", "/ Y")
    assert table.rows[0] == ("A0", "ours", "1", "0.50 [0.40 - 0.60]", "0.50 [0.40 - 0.60]")
    assert table.rows[2] == ("A1", "ours", "3.46", "", "")


def test_a_pivot_puts_models_side_by_side_and_divides_by_the_best_known_peer(tables):
    table = tables.pivot(ROWS, "model", ("engine",), ("X", "Y"))
    assert table.headers == ("engine", "A0, ms (/ X)", "A1, ms")
    assert table.rows == (("ours", "1.00 (0.50 [0.40 - 0.60])", "3.46"), ("X", "2.00", ""))


def test_markdown_has_a_line_a_row(tables):
    assert (
        tables.Table(("a", "b"), (("1", "2"),)).markdown() == "| a | b |\n| --- | --- |\n| 1 | 2 |"
    )


@pytest.mark.parametrize(
    ("value", "shown"), [(1234.56, "1234.6"), (0.01234, "0.0123"), (3, "3"), (None, "")]
)
def test_numbers_have_three_significant_digits(tables, value, shown):
    assert tables.text(value) == shown
