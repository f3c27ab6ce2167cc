"""What an import costs, and which part may know which."""

import re
import subprocess
import sys
from importlib.metadata import entry_points, version
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

import streamrec
from streamrec.cli import COMMANDS, main

HEAVY = {"torch", "cv2", "zmq", "onnx", "onnxruntime"}
UNUSED_BY_A_RUN = {
    *("torch", "onnx", "rich", "httpx", "filelock", "tflite", "matplotlib"),
    *("email", "http", "importlib.metadata", "multiprocessing", "ssl", "subprocess", "tarfile"),
    *("streamrec.cli.doctor", "streamrec.weights.load", "streamrec.weights.transfer"),
}


def modules_loaded_by(*arguments: str) -> set[str]:
    """Run a fresh interpreter and return the modules that it imported."""
    command = [sys.executable, "-X", "importtime", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return set(re.findall(r"^import time:.*\| +(\S+)$", done.stderr, re.MULTILINE))


def modules_loaded_by_command(*arguments: str) -> set[str]:
    """Run a command in a fresh interpreter and return the modules that were there at its end."""
    code = "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr)); "
    code += "from streamrec.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines()[-1].split())


def test_import_reports_are_understood():
    assert {"streamrec.types", "numpy"} <= modules_loaded_by("-c", "import streamrec.types")


def test_importing_streamrec_loads_nothing_heavy():
    assert not modules_loaded_by("-c", "import streamrec") & (HEAVY | {"numpy"})


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)], ids=" ".join)
def test_help_loads_nothing_heavy(command):
    assert not modules_loaded_by("-m", "streamrec.cli", *command, "--help") & HEAVY


def test_a_run_with_a_model_at_hand_loads_what_it_uses_only():
    clip = str(Path(streamrec.__file__).parent / "assets" / "demo.mp4")
    command = ("run", "--model", "gestures", "--source", clip, "--publish", "tcp://127.0.0.1:*")
    loaded = modules_loaded_by_command(*command)
    assert {"cv2", "zmq", "streamrec.sources.file"} <= loaded
    assert not loaded & UNUSED_BY_A_RUN


def test_a_command_loads_no_other_command():
    loaded = modules_loaded_by_command("watch", "--help")
    commands = {f"streamrec.cli.{name}" for name in COMMANDS}
    assert loaded & commands == {"streamrec.cli.watch"}


def test_a_client_loads_the_wire_format_and_zeromq_only():
    modules = modules_loaded_by("-c", "import streamrec.client")
    assert not modules & (HEAVY - {"zmq"} | {"sqlalchemy", "httpx", "yaml", "rich", "platformdirs"})
    ours = {".".join(name.split(".")[1:2]) for name in modules if name.startswith("streamrec.")}
    assert ours <= {"client", "errors", "sockets", "types", "version", "wire"}


@pytest.mark.parametrize("name", streamrec.__all__)
def test_every_public_name_is_there(name):
    assert getattr(streamrec, name).__name__ == name


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="recogniser"):
        streamrec.recogniser  # noqa: B018


def test_the_installed_command_is_main():
    (command,) = entry_points(group="console_scripts", name="streamrec")
    assert command.load() is main


def test_the_package_is_installed_in_the_version_that_it_states():
    assert version("streamrec") == streamrec.__version__


def test_imports_keep_to_the_contracts(capsys, monkeypatch):
    # It would silence all loggers that there are, also for the tests behind this one.
    monkeypatch.setattr("logging.config.dictConfig", lambda config: None)
    config = Path(__file__).parents[1] / "pyproject.toml"
    status = lint_imports(config_filename=str(config), no_cache=True)
    assert status == EXIT_STATUS_SUCCESS, capsys.readouterr().out
