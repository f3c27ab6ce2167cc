"""What learns is judged by clips of other groups, over folds."""

from importlib import import_module

import pytest

from streamrec.config import RecipeOptions
from tests.training.made_data import color_list, model_file


def test_each_part_that_learns_has_its_row(tmp_path, monkeypatch):
    monkeypatch.setenv("STREAMREC_HOME", str(tmp_path / "home"))
    transfer, options = import_module("transfer"), import_module("options")
    monkeypatch.setattr(transfer, "FOLDS", 2)
    parts = RecipeOptions(rate=0.05, batch=4), RecipeOptions(trained="blocks", rate=0.05, batch=4)
    monkeypatch.setattr(transfer, "PARTS", parts)
    rows = transfer.measure(
        options.Options(
            trained=model_file(tmp_path),
            labelled=color_list(tmp_path),
            folder=tmp_path,
            epochs=10,
        )
    )
    assert [row["learns"] for row in rows] == ["classifier", "last 2 blocks"]
    assert [row["accuracy"] for row in rows] == [1.0, 1.0]
    assert [row["clips"] for row in rows] == [8, 8]


def test_without_a_list_it_says_what_to_give():
    transfer, options = import_module("transfer"), import_module("options")
    with pytest.raises(options.MissingError, match=r"--labelled LIST\.csv"):
        transfer.measure(options.Options())
