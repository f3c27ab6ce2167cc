"""Outputs that would replace what a command reads."""

from pathlib import Path

from streamrec.errors import OptionError
from streamrec.sources.open import file_path


def require_other_file(flag: str, output: str | Path | None, source: str) -> None:
    """Check that an output is not its own source.

    Raises:
        OptionError: it is.
    """
    if output is None or not Path(output).exists():
        return
    path = file_path(source)
    if path.exists() and Path(output).samefile(path):
        raise OptionError(f"{flag} {output} is the source itself; give another file")
