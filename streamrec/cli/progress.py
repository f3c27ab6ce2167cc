"""Progress on stderr, so that stdout stays for results."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from streamrec.weights.files import Progress


@contextmanager
def download_progress(name: str) -> Iterator[Progress]:
    """Show a bar on a terminal while a model is loaded, with the bytes if it is fetched."""
    if not sys.stderr.isatty():
        yield _tell_nobody
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Bar(
        "[progress.description]{task.description}",
        *columns,
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task(f"loading {name}", total=None)

        def update(received: int, total: int | None) -> None:
            bar.update(task, completed=received, total=total)

        yield update


@contextmanager
def frame_progress(name: str, total: int | None) -> Iterator[Callable[[], None]]:
    """Show a bar on a terminal; what it gives is called at each frame."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import MofNCompleteColumn
    from rich.progress import Progress as Bar

    columns = (*Bar.get_default_columns(), MofNCompleteColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=total)
        yield lambda: bar.advance(task)


def _tell_nobody(received: int, total: int | None) -> None:
    """Show nothing."""
