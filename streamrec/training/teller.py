"""Who is told how a training goes: a terminal, or nobody."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

Advance = Callable[[int, str], None]
"""Told how much more is done, and how it stands in words."""


class Teller(Protocol):
    """Is told what happens."""

    def say(self, text: str) -> None:
        """Hear something that the user wants to know."""

    def phase(self, title: str, total: int, done: int = 0) -> AbstractContextManager[Advance]:
        """Hear that something of so many parts begins, of which some are done."""


class Nobody:
    """Is told, and does nothing."""

    def say(self, text: str) -> None:
        """Ignore it."""

    @contextmanager
    def phase(self, title: str, total: int, done: int = 0) -> Iterator[Advance]:
        """Ignore it."""
        yield lambda count, text: None
