"""Tests of transfers against a real server that is slow, cut off, wrong, moved or absent."""

import hashlib
import socket
import subprocess
import sys

import httpx
import pytest

from streamrec.errors import DownloadError, OutputError
from streamrec.weights import transfer
from streamrec.weights.transfer import fetch, without_secrets
from tests.weights.web import File, Web

CONTENT = bytes(range(256)) * 1200
SHA256 = hashlib.sha256(CONTENT).hexdigest()
OTHER = "0" * 64


@pytest.fixture
def web():
    with Web() as server:
        server.files["/model.bin"] = File(CONTENT)
        yield server


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(transfer, "_PAUSE_S", 0.01)


def leftovers(target):
    return sorted(p.name for p in target.parent.iterdir() if not p.name.endswith(".lock"))


def test_a_file_arrives_whole_and_its_checksum_is_returned(web, tmp_path):
    target = tmp_path / "new" / "model.bin"
    assert fetch(web.url("/model.bin"), target, sha256=SHA256.upper()) == SHA256
    assert target.read_bytes() == CONTENT
    assert leftovers(target) == ["model.bin"]


def test_progress_is_told_up_to_the_total(web, tmp_path):
    calls = []
    web.files["/model.bin"].chunk_pause_s = 0.01
    fetch(web.url("/model.bin"), tmp_path / "f", progress=lambda *call: calls.append(call))
    assert calls[-1] == (len(CONTENT), len(CONTENT))
    assert calls == sorted(calls)
    assert len(calls) > 1


def test_a_file_that_is_there_is_not_fetched_again(web, tmp_path):
    (tmp_path / "f").write_bytes(CONTENT)
    assert fetch(web.url("/model.bin"), tmp_path / "f", sha256=SHA256) == SHA256
    assert web.requests == []


def test_a_cut_off_download_goes_on_where_it_stopped(web, tmp_path):
    web.files["/model.bin"].cut_after = [100_000, 50_000]
    assert fetch(web.url("/model.bin"), tmp_path / "f") == SHA256
    ranges = [asked for _, asked in web.requests]
    assert ranges == [None, "bytes=100000-", "bytes=150000-"]


def test_a_later_call_goes_on_where_the_first_gave_up(web, tmp_path):
    web.files["/model.bin"].cut_after = [70_000, 0, 0, 0]
    with pytest.raises(DownloadError, match=r"70000 of 307200|peer closed"):
        fetch(web.url("/model.bin"), tmp_path / "f")
    assert not (tmp_path / "f").exists()
    assert fetch(web.url("/model.bin"), tmp_path / "f") == SHA256
    assert web.requests[-1][1] == "bytes=70000-"
    assert leftovers(tmp_path / "f") == ["f"]


def test_a_file_that_changed_meanwhile_is_fetched_from_the_start(web, tmp_path):
    web.files["/model.bin"].cut_after = [70_000, 0, 0, 0]
    with pytest.raises(DownloadError):
        fetch(web.url("/model.bin"), tmp_path / "f")
    web.files["/model.bin"] = File(CONTENT[::-1], etag='"v2"')
    fetch(web.url("/model.bin"), tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == CONTENT[::-1]


@pytest.mark.parametrize("file", [File(CONTENT, ranges=False), File(CONTENT, etag=None)])
def test_a_server_that_cannot_resume_is_asked_for_the_whole(web, tmp_path, file):
    file.cut_after = [70_000]
    web.files["/model.bin"] = file
    assert fetch(web.url("/model.bin"), tmp_path / "f") == SHA256


def test_a_range_that_is_not_there_starts_over(web, tmp_path):
    web.files["/model.bin"].cut_after = [70_000, 0, 0, 0]
    with pytest.raises(DownloadError):
        fetch(web.url("/model.bin"), tmp_path / "f")
    with (tmp_path / "f.part").open("ab") as part:
        part.write(bytes(len(CONTENT)))
    assert fetch(web.url("/model.bin"), tmp_path / "f") == SHA256


def test_a_part_other_than_asked_for_is_an_error(web, tmp_path):
    web.files["/model.bin"].cut_after = [70_000, 0, 0, 0]
    with pytest.raises(DownloadError):
        fetch(web.url("/model.bin"), tmp_path / "f")
    wrong = {"Content-Range": "bytes 5-307199/307200"}
    web.files["/model.bin"] = File(CONTENT, status=206, ranges=False, headers=wrong)
    with pytest.raises(DownloadError, match="another part"):
        fetch(web.url("/model.bin"), tmp_path / "f")


def test_a_length_that_is_wrong_is_an_error(web, tmp_path):
    web.files["/model.bin"].claim = 10
    web.files["/model.bin"].ranges = False
    with pytest.raises(DownloadError):
        fetch(web.url("/model.bin"), tmp_path / "f")
    assert not (tmp_path / "f").exists()


def test_a_wrong_checksum_is_an_error_and_leaves_nothing(web, tmp_path):
    with pytest.raises(DownloadError, match=f"SHA-256 is {SHA256} instead of {OTHER}"):
        fetch(web.url("/model.bin"), tmp_path / "f", sha256=OTHER)
    assert leftovers(tmp_path / "f") == []


def test_a_missing_file_says_what_to_put_where(web, tmp_path):
    with pytest.raises(DownloadError) as caught:
        fetch(web.url("/absent.bin"), tmp_path / "f")
    message = str(caught.value)
    assert "404" in message
    assert web.url("/absent.bin") in message
    assert str(tmp_path / "f") in message
    assert len(web.requests) == 1


def test_a_failing_server_is_asked_again(web, tmp_path):
    web.files["/model.bin"].status = 503
    with pytest.raises(DownloadError, match="503"):
        fetch(web.url("/model.bin"), tmp_path / "f")
    assert len(web.requests) > 1


def test_redirects_are_followed(web, tmp_path):
    web.files["/old"] = File(status=302, headers={"Location": "/model.bin"})
    assert fetch(web.url("/old"), tmp_path / "f") == SHA256


def test_endless_redirects_are_an_error(web, tmp_path):
    web.files["/loop"] = File(status=302, headers={"Location": "/loop"})
    with pytest.raises(DownloadError, match="redirects"):
        fetch(web.url("/loop"), tmp_path / "f")


def test_no_server_is_an_error_at_once(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/model.bin"
    with pytest.raises(DownloadError, match=r"cannot fetch http.*model\.bin.*put it at"):
        fetch(url, tmp_path / "f")


def test_a_server_that_never_answers_is_asked_once(web, tmp_path):
    web.files["/model.bin"].silences_s = [2.0]
    with pytest.raises(DownloadError, match="timed out"):
        fetch(web.url("/model.bin"), tmp_path / "f", timeout=httpx.Timeout(0.2))
    assert len(web.requests) == 1


def test_a_server_that_falls_silent_is_asked_again(web, tmp_path):
    file = web.files["/model.bin"]
    file.cut_after = [100_000]
    file.silences_s = [0.0, 2.0]
    timeout = httpx.Timeout(0.5)
    assert fetch(web.url("/model.bin"), tmp_path / "f", timeout=timeout) == SHA256
    assert [asked for _, asked in web.requests] == [None, *2 * ["bytes=100000-"]]


def test_without_an_answer_the_wait_is_short():
    assert transfer.TIMEOUT.connect <= 10 and transfer.TIMEOUT.read <= 10


@pytest.mark.parametrize("url", ["ftp://host/f", "file:///f", "no url", "http://", "http://[::1/f"])
def test_an_address_that_is_none_is_an_error(tmp_path, url):
    with pytest.raises(DownloadError):
        fetch(url, tmp_path / "f")


def test_a_file_beyond_the_size_limit_is_refused(web, tmp_path, monkeypatch):
    monkeypatch.setattr(transfer, "_MAX_BYTES", 1000)
    with pytest.raises(DownloadError, match="larger than 1000"):
        fetch(web.url("/model.bin"), tmp_path / "f")


def test_a_folder_that_cannot_be_made_is_an_output_error(web, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError):
        fetch(web.url("/model.bin"), tmp_path / "file" / "f")


def test_secrets_stay_out_of_messages_and_files(web, tmp_path):
    url = web.url("/absent?token=s3cret").replace("//", "//user:s3cret@")
    with pytest.raises(DownloadError) as caught:
        fetch(url, tmp_path / "f")
    assert "s3cret" not in str(caught.value)
    web.files["/model.bin"].cut_after = [1000, 0, 0, 0]
    with pytest.raises(DownloadError):
        fetch(web.url("/model.bin").replace("//", "//user:s3cret@"), tmp_path / "g")
    assert all(b"s3cret" not in path.read_bytes() for path in tmp_path.iterdir())
    assert without_secrets("https://a:b@host:1/f?x=y#z") == "https://host:1/f"


def test_processes_that_want_the_same_file_share_one_download(web, tmp_path):
    web.files["/model.bin"].chunk_pause_s = 0.1
    code = "import sys, pathlib, streamrec.weights.transfer as d; "
    code += "print(d.fetch(sys.argv[1], pathlib.Path(sys.argv[2])))"
    command = [sys.executable, "-c", code, web.url("/model.bin"), str(tmp_path / "f")]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [process.communicate(timeout=60)[0].strip() for process in processes] == [SHA256] * 3
    assert len(web.requests) == 1
    assert leftovers(tmp_path / "f") == ["f"]
