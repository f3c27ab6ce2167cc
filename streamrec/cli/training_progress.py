"""How a training goes, on a terminal."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Terminal:
    """Shows a bar on a terminal; elsewhere a line at the beginning and the end of each phase."""

    def say(self, text: str) -> None:
        """Print a line."""
        print(text, file=sys.stderr)

    @contextmanager
    def phase(self, title: str, total: int, done: int = 0) -> Iterator[Callable[[int, str], None]]:
        """Show how far a phase has come."""
        if not sys.stderr.isatty():
            began_s = time.monotonic()
            self.say(f"{title} ({done} of {total})" if done else title)
            yield lambda count, text: None
            self.say(f"{title}: done after {time.monotonic() - began_s:.0f} s")
            return
        from rich.console import Console
        from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn

        columns = (*Progress.get_default_columns(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task(title, total=total, completed=done)

            def advance(count: int, text: str) -> None:
                bar.update(task, advance=count, description=f"{title} {text}".rstrip())

            yield advance
