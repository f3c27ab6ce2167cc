"""``streamrec classify``."""

from typing import Any


def register(commands: Any) -> None:
    """Add the command's parser."""
    commands.add_parser("classify")
