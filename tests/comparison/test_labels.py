import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.comparison.labels import read_labels
from streamrec.errors import OptionError


@pytest.fixture
def table(tmp_path):
    def write(text: str, encoding: str = "utf-8"):
        path = tmp_path / "labels.csv"
        path.write_text(text, encoding=encoding)
        return path

    return write


def test_each_file_has_the_label_of_the_row_whose_path_it_ends_like(table):
    path = table("size,file,label\n1,a.mp4,arm wrestling\n2,deep/b.mp4, swim \n")
    files = ["clips/a.mp4", "clips/deep/b.mp4", "clips/other/b.mp4"]
    assert read_labels(path, files) == ["arm wrestling", "swim", None]


def test_a_label_may_have_commas_and_quotes(table):
    path = table('file,label\na.mp4,"say ""hi"", wave"\n')
    assert read_labels(path, ["a.mp4"]) == ['say "hi", wave']


def test_a_spreadsheet_may_begin_with_a_mark_of_its_encoding(table):
    assert read_labels(table("file,label\na.mp4,yo-yo\n", "utf-8-sig"), ["a.mp4"]) == ["yo-yo"]


@pytest.mark.parametrize(
    "text,said",
    [
        ("file,name\na.mp4,x\n", "column 'label'"),
        ("", "column 'file'"),
        ("file,label\nb.mp4,x\n", "none of a.mp4"),
        ("file,label\na.mp4,\n", "none of a.mp4"),
        ("file,label\na.mp4\n", "none of a.mp4"),
    ],
)
def test_a_table_that_does_not_help_is_refused(table, text, said):
    with pytest.raises(OptionError, match=said):
        read_labels(table(text), ["a.mp4"])


def test_a_table_that_cannot_be_read_is_one_line(tmp_path, table):
    with pytest.raises(OptionError, match=r"cannot read .*missing\.csv"):
        read_labels(tmp_path / "missing.csv", ["a.mp4"])
    with pytest.raises(OptionError, match="cannot read"):
        read_labels(table("file,label\n\xe4.mp4,x\n", "latin-1"), ["a.mp4"])


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("labels") / "labels.csv"
    path.write_bytes(content)
    with pytest.raises(OptionError):
        read_labels(path, ["a file that no row can name\0.mp4"])
