"""What all tests share."""

import os
from pathlib import Path

import pytest

# Threads of one test would only wait for each other where other programs run, too.
os.environ.setdefault("OMP_NUM_THREADS", "1")

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data and real clips beside the project."""
    if not SHARED.is_dir():
        pytest.skip("reference data and real clips (../shared) are not beside the project")
    return SHARED
