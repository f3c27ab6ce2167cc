"""Tests of what is trusted of an address, against a real server."""

import hashlib

import pytest

from streamrec.errors import DownloadError
from streamrec.weights.download import fetch_checked
from streamrec.weights.published import PublishedFile
from tests.weights.web import File, Web

CONTENT = bytes(range(256))
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def web():
    with Web() as server:
        server.files["/model.bin"] = File(CONTENT)
        yield server


def test_the_first_checksum_that_was_trusted_holds(web, tmp_path):
    first = fetch_checked(PublishedFile(url=web.url("/model.bin")), tmp_path)
    first.trust()
    first.discard()
    web.files["/model.bin"] = File(b"changed")
    with pytest.raises(DownloadError, match=f"has changed.*{SHA256}"):
        fetch_checked(PublishedFile(url=web.url("/model.bin")), tmp_path)
    assert not first.path.exists()


def test_an_address_without_a_file_name_is_an_error(web, tmp_path):
    with pytest.raises(DownloadError, match="file's name"):
        fetch_checked(PublishedFile(url=web.url("/")), tmp_path)


def test_what_was_fetched_by_hand_and_has_changed_is_not_deleted(tmp_path):
    published = PublishedFile(url="https://host/folder", by_hand="model.bin")
    path = tmp_path / "model.bin"
    path.write_bytes(CONTENT)
    fetch_checked(published, tmp_path).trust()
    path.write_bytes(b"changed")
    with pytest.raises(DownloadError, match=rf"^model\.bin has changed.*{SHA256}"):
        fetch_checked(published, tmp_path)
    assert path.exists()


def test_a_checksum_may_be_known_by_its_beginning(web, tmp_path):
    url = web.url("/model.bin")
    with pytest.raises(DownloadError, match=f"{SHA256} instead of 01234567"):
        fetch_checked(PublishedFile(url=url, sha256="01234567"), tmp_path)
    assert fetch_checked(PublishedFile(url=url, sha256=SHA256[:8]), tmp_path).sha256 == SHA256


def test_a_file_that_cannot_be_deleted_hides_no_other_error(web, tmp_path, monkeypatch):
    file = fetch_checked(PublishedFile(url=web.url("/model.bin")), tmp_path)

    def refuse(*_, **__):
        raise PermissionError(13, "another process uses the file")

    monkeypatch.setattr(type(file.path), "unlink", refuse)
    file.reject()
    assert file.path.exists()
