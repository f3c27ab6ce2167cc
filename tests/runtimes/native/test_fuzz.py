"""Random networks under sanitizers: no access beyond a buffer, no undefined behaviour, no leak."""

import os
import subprocess
from pathlib import Path

import pytest
from runtimes.native.compiler import HERE, SANITIZE, SOURCES, build

LARGE = os.environ.get("STREAMREC_SLOW") == "1"


@pytest.fixture(scope="module")
def fuzz() -> Path:
    """The program that runs random networks, made with sanitizers."""
    sources = [path for path in sorted(SOURCES.glob("*.cpp")) if path.stem != "buffer"]
    added = [HERE / "exact_arena.cpp", HERE / "fuzz.cpp"]
    return build([*sources, *added], ["-O0", "-pthread", *SANITIZE], "fuzz")


def run(fuzz: Path, *arguments: int) -> None:
    command = [str(fuzz), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout[-500:]}\n{done.stderr[:4000]}"


def test_random_small_networks(fuzz):
    run(fuzz, 0, 60, 24, 40)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_random_networks(fuzz):
    run(fuzz, 1000, 600 if LARGE else 6, 70, 70)
