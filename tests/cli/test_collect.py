"""``streamrec collect``, with keys of a real terminal, cameras, events and signals."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import cv2
import numpy as np
import pytest

from streamrec.dataset.listing import read_dataset
from tests.cli.conftest import COMMAND

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals here")
PATIENCE_S = 30.0
FPS = 20.0


@pytest.fixture
def film(tmp_path):
    """A film whose pictures tell their number: five levels of grey each."""
    path = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (64, 48))
    for number in range(1200):
        image = np.full((48, 64, 3), 5 * (number % 50), np.uint8)
        writer.write(image)
    writer.release()
    return path


def numbers_of(path):
    """Which pictures of the film a clip shows, modulo 50."""
    video, numbers = cv2.VideoCapture(str(path)), []
    assert video.get(cv2.CAP_PROP_FPS) == FPS
    while (read := video.read())[0]:
        numbers.append(round(float(read[1].mean()) / 5))
    return numbers


class Terminal:
    """The command in a terminal, and the person before it."""

    def __init__(self, *arguments):
        self._person, program = os.openpty()
        self._program, self._ends, self.text = program, (self._person, program), ""
        self.modes = self._modes()
        self.process = subprocess.Popen(
            [*COMMAND, "collect", *map(str, arguments)],
            stdin=program,
            stdout=program,
            stderr=program,
            start_new_session=True,
        )
        os.set_blocking(self._person, False)

    def _modes(self):
        import termios

        return termios.tcgetattr(self._program)[:4]

    def press(self, keys):
        os.write(self._person, keys.encode())

    def wait_for(self, words):
        """Read until it has said this."""
        deadline_s = time.monotonic() + PATIENCE_S
        while words not in self.text:
            assert time.monotonic() < deadline_s, self.text
            self._read()

    def end(self):
        """Wait for its end; return its exit code."""
        deadline_s = time.monotonic() + PATIENCE_S
        while self.process.poll() is None:
            assert time.monotonic() < deadline_s, self.text
            self._read()
        self._read()
        assert self._modes() == self.modes, "the terminal is as it was"
        assert "Traceback" not in self.text
        return self.process.returncode

    def hang_up(self):
        """Close the terminal."""
        self.close_ends()
        self.process.send_signal(signal.SIGHUP)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.close_ends()

    def close_ends(self):
        for end in self._ends:
            os.close(end)
        self._ends = ()

    def _read(self):
        try:
            self.text += os.read(self._person, 4096).decode()
        except BlockingIOError:
            time.sleep(0.02)


@contextmanager
def collecting(*arguments):
    terminal = Terminal(*arguments)
    try:
        yield terminal
    finally:
        terminal.close()


@POSIX
def test_keys_record_clips_that_a_data_set_is_read_from(tmp_path, film):
    to, times = tmp_path / "data", ("--before", 0.25, "--after", 0.5)
    with collecting("--source", film, "--to", to, "--labels", "wave,clap", *times) as terminal:
        terminal.wait_for("film -> ")
        assert "1 wave, 2 clap" in terminal.text
        time.sleep(0.5)
        terminal.press("1")
        terminal.wait_for("wave: clip 1, 0.8 s")
        terminal.press("2")
        terminal.wait_for("clap: clip 1")
        terminal.press("1")
        terminal.wait_for("wave: clip 2")
        terminal.press("\x7f")
        terminal.wait_for("wave: the last clip is deleted, 1 left")
        terminal.press("q")
        assert terminal.end() == 0
    assert "clap\t1\r\nwave\t1\r\nall clips are of one group" in terminal.text
    dataset = read_dataset(to)
    assert dataset.labels == ("clap", "wave")
    assert len(dataset.clips) == 2 and len({clip.group for clip in dataset.clips}) == 1
    for clip in dataset.clips:
        numbers = numbers_of(clip.path)
        steps = np.diff(numbers) % 50
        assert len(numbers) == 15 and steps.sum() == 14 and steps.max() <= 2, (
            numbers,
            terminal.text,
        )


@POSIX
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_what_is_being_recorded(tmp_path, film, kind):
    to = tmp_path / "data"
    with collecting("--source", film, "--to", to, "--labels", "wave", "--toggle") as terminal:
        terminal.wait_for("film -> ")
        terminal.press("1")
        terminal.wait_for("wave: recording")
        time.sleep(0.3)
        terminal.process.send_signal(kind)
        assert terminal.end() == 0
    (clip,) = read_dataset(to).clips
    assert len(numbers_of(clip.path)) >= 3
    assert [path.name for path in to.rglob("*")] == ["wave", clip.path.name]


@POSIX
def test_where_the_terminal_is_closed_what_is_being_recorded_is_saved(tmp_path, film):
    to = tmp_path / "data"
    with collecting("--source", film, "--to", to, "--labels", "wave", "--toggle") as terminal:
        terminal.wait_for("film -> ")
        terminal.press("1")
        terminal.wait_for("wave: recording")
        terminal.hang_up()
        terminal.process.wait(PATIENCE_S)
    assert len(read_dataset(to).clips) == 1


@POSIX
def test_a_camera_that_is_lost_ends_its_clip_and_comes_back(tmp_path, cameras):
    server, to = cameras(), tmp_path / "data"
    source = ("--source", server.url(), "--name", "door", "--retry-most", 1)
    with collecting(*source, "--to", to, "--labels", "wave", "--toggle") as terminal:
        terminal.wait_for("door -> ")
        terminal.press("1")
        terminal.wait_for("wave: recording")
        server.kill()
        terminal.wait_for("trying again")
        terminal.wait_for("wave: clip 1")
        terminal.press("1")
        terminal.wait_for("wave: there is no picture to record")
        server.restart()
        terminal.wait_for("door: it is back")
        time.sleep(1)
        terminal.press("1")
        terminal.wait_for("it is back\r\nwave: recording")
        terminal.press("q")
        assert terminal.end() == 0
    assert len(read_dataset(to).clips) == 2


def test_events_of_a_model_are_cut_out_of_a_file(cli, tmp_path, film, model):
    to, rule = tmp_path / "data", ("--on-score", 0, "--off-score", 0, "--longest", 5)
    result = cli("collect", "--source", film, "--model", model, "--to", to, *rule)
    assert result.code == 0, result.err
    clips = read_dataset(to).clips
    assert clips and all(clip.labels[0].startswith("class ") for clip in clips)
    assert {len(numbers_of(clip.path)) for clip in clips} <= set(range(1, 101))
    assert result.out == "".join(f"{name}\t{count}\n" for name, count in counted(clips))


def counted(clips):
    labels = [clip.labels[0] for clip in clips]
    return [(label, labels.count(label)) for label in sorted(set(labels))]


def test_only_the_labels_that_are_wanted_are_cut_out(cli, tmp_path, film, model):
    to, rule = tmp_path / "data", ("--on-score", 0, "--off-score", 0)
    wanted = ("--labels", "class 1=one,class 2=one")
    result = cli("collect", "--source", film, "--model", model, "--to", to, *rule, *wanted)
    assert result.code == 0, result.err
    assert read_dataset(to).labels == ("one",)
    wanted = ("--labels", "class 77")
    result = cli("collect", "--source", film, "--model", model, "--to", to, *rule, *wanted)
    result.fails(2, "class 77", "no label of the model")


def test_what_cannot_be_collected_is_said_at_once(cli, tmp_path, film, model):
    source = ("--source", film, "--to", tmp_path / "data")
    cli("collect", *source).fails(2, "give --labels A,B,...", "--model")
    cli("collect", *source, "--labels", "a,A").fails(2, "one folder")
    cli("collect", *source, "--labels", "wave").fails(2, "in a terminal", "--show", "--model")
    cli("collect", "--source", tmp_path / "no.mp4", "--to", tmp_path, "--model", model).fails(
        3, "no such file"
    )
    cli("collect", "--source", film, "--to", film, "--model", model).fails(5, "cannot write to")


def test_without_a_display_a_window_is_refused(cli, no_display, tmp_path, film):
    asked = ("--source", film, "--to", tmp_path / "data", "--labels", "wave", "--show")
    cli("collect", *asked).fails(5, "no display here", "in a terminal, which takes the keys")


def test_a_clip_that_cannot_be_saved_makes_it_fail_in_the_end(cli, tmp_path, film, model):
    to = tmp_path / "data"
    to.mkdir()
    (to / "one").touch()
    rule = ("--on-score", 0, "--off-score", 0, "--labels", "class 1=one")
    result = cli("collect", "--source", film, "--model", model, "--to", to, *rule)
    assert "one: a clip is lost: cannot write" in result.err
    result.fails(5, "1 clips could not be saved")
