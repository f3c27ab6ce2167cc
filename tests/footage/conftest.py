"""Cameras of which something is kept."""

from collections.abc import Callable
from pathlib import Path

import pytest
from footage_cases import Camera


@pytest.fixture
def camera(tmp_path: Path) -> Callable[..., Camera]:
    """Make a camera of which something is kept; by default thumbnails and clips."""
    return lambda **options: Camera(tmp_path / "media", **options)
