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
