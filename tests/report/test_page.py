import sys

import pytest

from streamrec.errors import OutputError, RuntimeMissingError
from streamrec.report.page import require_report


def test_a_missing_library_is_told_before_the_work(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(RuntimeMissingError, match=r"pip install \"\.\[train\]\""):
        require_report(tmp_path)


def test_a_folder_that_is_a_file_is_told_before_the_work(tmp_path):
    pytest.importorskip("jinja2", reason="the train extra is not installed")
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="no folder"):
        require_report(tmp_path / "file")
