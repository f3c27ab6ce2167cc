import os
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

import pytest

from streamrec.dataset.clips import LabelledClip
from streamrec.report.links import link_to


@pytest.mark.parametrize("name", ["a b.mp4", "50%25.mp4", "a#t=1?.mp4", "打架.mp4", "\udcff"])
def test_any_name_is_one_path(tmp_path, name):
    link = urlsplit(
        link_to(LabelledClip(path=tmp_path / "clips" / name, labels=()), tmp_path / "x")
    )
    assert (link.scheme, link.netloc, link.query, link.fragment) == ("", "", "", "")
    assert os.fsdecode(unquote_to_bytes(link.path)) == f"../clips/{name}"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_colon_in_a_name_is_no_scheme(tmp_path):
    assert link_to(LabelledClip(path=tmp_path / "c:d", labels=()), tmp_path) == "c%3Ad"


@pytest.mark.parametrize(
    ("start_s", "end_s", "end"), [(0.0, None, ""), (2.0, None, "#t=2"), (0.0, 1.5, "#t=0,1.5")]
)
def test_a_piece_is_named(start_s, end_s, end):
    clip = LabelledClip(path=Path("a.mp4"), labels=(), start_s=start_s, end_s=end_s)
    assert link_to(clip, Path()) == f"a.mp4{end}"
