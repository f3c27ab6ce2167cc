"""Compiles the kernels with what the tests add, once for each state of the sources."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import streamrec.runtimes.native

HERE = Path(__file__).parent
SOURCES = Path(streamrec.runtimes.native.__file__).parent / "src"
FLAGS = ("-std=c++17", "-fno-math-errno", "-Wno-psabi", f"-I{SOURCES}")
SANITIZE = ("-g1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def compiler() -> str:
    """Name the C++ compiler; skip where there is none."""
    names = (os.environ.get("CXX", ""), "c++", "g++", "clang++")
    found = next((path for name in names if name and (path := shutil.which(name))), None)
    if found is None or os.name == "nt":
        pytest.skip("no C++ compiler (GCC or Clang): kernels are tested through the runtime only")
    return found


def build(sources: Sequence[Path], flags: Sequence[str], name: str) -> Path:
    """Compile and link; what was built from the same text before is found again."""
    cxx, flags = compiler(), [*FLAGS, *flags]
    folder = Path(tempfile.gettempdir()) / f"streamrec-native-{_key(cxx, sources, flags)}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        pytest.fail(f"{folder} is somebody else's; remove it", pytrace=False)
    built = folder / name
    if not built.exists():
        with tempfile.TemporaryDirectory(dir=folder) as work:
            _compile(cxx, sources, flags, Path(work) / name).replace(built)
    return built


def _key(cxx: str, sources: Sequence[Path], flags: Sequence[str]) -> str:
    digest = hashlib.sha256(repr((cxx, flags)).encode())
    for path in (*sorted(SOURCES.iterdir()), *sources):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _compile(cxx: str, sources: Sequence[Path], flags: Sequence[str], target: Path) -> Path:
    def compile_one(source: Path) -> str:
        output = str(target.with_name(f"{source.stem}.o"))
        _run([cxx, *flags, "-c", str(source), "-o", output])
        return output

    with ThreadPoolExecutor(2) as pool:
        objects = list(pool.map(compile_one, sources))
    _run([cxx, *flags, *objects, "-o", str(target)])
    return target


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(f"{' '.join(command)}\n{done.stderr[-2000:]}", pytrace=False)
