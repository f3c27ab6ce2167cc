import pytest

from streamrec.cli import main


@pytest.mark.parametrize("written", ["clip.gif", "./clip.gif", "link.gif"])
def test_a_recording_does_not_replace_its_source(tmp_path, monkeypatch, capsys, written):
    monkeypatch.chdir(tmp_path)
    clip = tmp_path / "clip.gif"
    clip.write_bytes(b"precious")
    (tmp_path / "link.gif").symlink_to(clip)
    assert main(["run", "--source", "clip.gif", "--model", "gestures", "--record", written]) == 2
    assert "is the source itself" in capsys.readouterr().err
    assert clip.read_bytes() == b"precious"


def test_a_plot_does_not_replace_the_picture_that_it_is_about(tmp_path, capsys):
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"precious")
    assert main(["classify", str(picture), "--model", "gestures", "--plot", str(picture)]) == 2
    assert "is the source itself" in capsys.readouterr().err
    assert picture.read_bytes() == b"precious"
