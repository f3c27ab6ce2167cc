"""Tests of unpacking archives, harmless and hostile."""

import gzip
import io
import tarfile

import pytest

from streamrec.errors import WeightsError
from streamrec.weights import archive
from streamrec.weights.archive import unpack


@pytest.fixture
def target(tmp_path):
    folder = tmp_path / "target"
    folder.mkdir()
    return folder


def pack(path, *members):
    """Write members given as (name, content) or as TarInfo."""
    with tarfile.open(path, "w:gz") as tar:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                tar.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                tar.addfile(info, io.BytesIO(member[1]))
    return path


def info(name, kind, link=""):
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, link
    return member


def test_files_and_folders_are_unpacked(tmp_path, target):
    members = [info("a", tarfile.DIRTYPE), ("a/b.index", b"1"), ("c", bytes(100_000))]
    unpack(pack(tmp_path / "x.tar.gz", *members), target)
    assert (target / "a" / "b.index").read_bytes() == b"1"
    assert (target / "c").stat().st_size == 100_000


@pytest.mark.parametrize(
    "member",
    [
        ("../out", b"x"),
        ("a/../../out", b"x"),
        info("out", tarfile.SYMTYPE, "/etc/passwd"),
        info("out", tarfile.LNKTYPE, "../out"),
        info("out", tarfile.FIFOTYPE),
        info("out", tarfile.CHRTYPE),
    ],
)
def test_what_points_outside_or_is_no_file_is_refused(tmp_path, target, member):
    with pytest.raises(WeightsError):
        unpack(pack(tmp_path / "x.tar.gz", member), target)
    assert list(target.iterdir()) == []
    assert not (tmp_path / "out").exists()


def test_an_absolute_path_stays_inside(tmp_path, target):
    outside = tmp_path / "outside"
    unpack(pack(tmp_path / "x.tar.gz", (str(outside), b"x")), target)
    assert not outside.exists()


def test_too_much_content_is_refused_before_it_is_written(tmp_path, target, monkeypatch):
    monkeypatch.setattr(archive, "_MAX_BYTES", 10_000)
    with pytest.raises(WeightsError, match="1 GiB"):
        unpack(pack(tmp_path / "x.tar.gz", ("a", bytes(20_000))), target)
    assert list(target.iterdir()) == []


def test_too_many_files_are_refused(tmp_path, target, monkeypatch):
    monkeypatch.setattr(archive, "_MAX_MEMBERS", 3)
    with pytest.raises(WeightsError, match="files"):
        unpack(pack(tmp_path / "x.tar.gz", *((str(i), b"") for i in range(4))), target)


def test_a_huge_extended_header_is_refused_unread(tmp_path, target):
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, 1 << 33
    with gzip.open(tmp_path / "x.tar.gz", "wb") as file:
        file.write(header.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 16))
    with pytest.raises(WeightsError, match="header of more than 1 MiB"):
        unpack(tmp_path / "x.tar.gz", target)


@pytest.mark.parametrize("content", [b"", b"text", gzip.compress(b"text"), gzip.compress(b"")[:9]])
def test_what_is_no_archive_is_refused(tmp_path, target, content):
    (tmp_path / "x.tar.gz").write_bytes(content)
    with pytest.raises(WeightsError, match="cannot unpack"):
        unpack(tmp_path / "x.tar.gz", target)


def test_a_cut_off_archive_is_refused(tmp_path, target):
    path = pack(tmp_path / "x.tar.gz", ("a", bytes(range(256)) * 1000))
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(WeightsError, match="cannot unpack"):
        unpack(path, target)
