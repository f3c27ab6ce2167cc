"""``streamrec config``, as people use it."""

import json

import pytest

from streamrec.service.settings_file import parse_settings
from tests.cli.conftest import ANY_PORT


@pytest.fixture
def write(tmp_path):
    """Write a configuration."""

    def write(text):
        path = tmp_path / "cameras.yaml"
        path.write_text(text)
        return path

    return write


def test_check_shows_every_key_as_it_takes_effect(cli, write):
    text = (
        "workers: 2\ndefaults: {rate: 3}\ncameras: {door: {source: 0}, yard: {source: 1, rate: 1}}"
    )
    result = cli("config", "check", write(text))
    assert result.code == 0
    assert parse_settings(result.out, "") == parse_settings(text, "")
    assert "max_delay: 2.0" in result.out and "rate: 3.0" in result.out
    assert result.err == "no faults, no warnings; 2 cameras, 2 of them enabled\n"


def test_check_names_every_fault_with_its_line(cli, write):
    path = write("cameras:\n  door:\n    sauce: 0\n    min_score: 2\n")
    result = cli("config", "check", path)
    assert result.code == 2 and not result.out
    assert [line.partition(": ")[0] for line in result.err.splitlines()] == [
        f"{path}:2:3", f"{path}:3:5", f"{path}:4:16",
    ]  # fmt: skip


def test_a_missing_file_is_one_line(process, tmp_path):
    result = process("config", "check", tmp_path / "none.yaml")
    assert result.code == 2
    assert result.err.splitlines() == [
        f"cannot read {tmp_path / 'none.yaml'}: No such file or directory"
    ]


def test_check_tells_which_secrets_are_there_and_none_of_them(cli, write, monkeypatch):
    monkeypatch.setenv("DOOR", "hunter2")
    monkeypatch.delenv("YARD", raising=False)
    result = cli(
        *("config", "check"),
        write(
            "cameras:\n"
            "  door: {source: 'rtsp://a:{DOOR}@b/c'}\n"
            "  yard: {source: 'rtsp://a:{YARD}@b/c'}\n"
            "  open: {source: 'rtsp://a:hunter3@b/c'}\n"
        ),
    )
    assert result.code == 0 and "hunter" not in result.out + result.err
    assert "cameras.door.source: the secret DOOR is in the environment" in result.err
    assert "warning: cameras.yard.source: the secret YARD is missing here" in result.err
    assert "warning: cameras.open.source has a password written out" in result.err
    assert result.err.endswith("no faults, 2 warnings; 3 cameras, 3 of them enabled\n")


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("keys: service.key_secret", 5, "there is no file"),
        ("clients: nobody", 5, "keys of clients need the service's own"),
        ("store: none/events.db", 5, "there is no folder"),
        ("store: 'postgresql://a:{NO_SUCH_SECRET}@c/d'", 3, "the secret NO_SUCH_SECRET is missing"),
    ],
)
def test_what_makes_serve_fail_is_a_fault_with_its_exit_code(cli, write, line, code, words):
    path = write(f"{line}\npublish: {ANY_PORT}\ncontrol: {ANY_PORT}\ncameras: {{}}\n")
    checked, served = cli("config", "check", path), cli("serve", "--config", path)
    assert (checked.code, served.code) == (code, code)
    assert checked.err.startswith("fault: ")
    assert words in checked.err and words in served.err
    assert " fault" in checked.err.splitlines()[-1]


def test_a_label_that_the_model_does_not_have_is_a_fault(cli, write):
    camera = "{source: 0, model: gestures, events: {allow: [stil]}}"
    result = cli("config", "check", write(f"cameras: {{door: {camera}}}"))
    assert result.code == 2 and not result.out
    assert "'stil' is no label of the model; did you mean 'still'?" in result.err


def test_the_example_passes_the_check(cli, write):
    example = cli("config", "example")
    assert example.code == 0
    assert cli("config", "check", write(example.out)).code == 0


def test_schema_is_json(cli):
    result = cli("config", "schema")
    assert result.code == 0
    assert json.loads(result.out)["$schema"].endswith("2020-12/schema")
