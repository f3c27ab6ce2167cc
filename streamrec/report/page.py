"""Values -> one self-contained page."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from streamrec.atomic import atomic_path
from streamrec.errors import RuntimeMissingError
from streamrec.plot import require_plot
from streamrec.version import __version__

PAGE = "report.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture in a page.

    Attributes:
        alt: what it shows, for those who do not see it.
        data: the picture, as a data address.
    """

    alt: str
    data: str = field(repr=False)


def require_report(folder: Path) -> None:
    """Check, before the work is done, that a report can be written to an existing folder.

    Raises:
        RuntimeMissingError: jinja2 or matplotlib is not installed.
        OutputError: there is no such folder.
    """
    try:
        import jinja2  # noqa: F401
    except ImportError:
        raise RuntimeMissingError(
            'reports are written by jinja2: in the checkout, pip install ".[train]"'
        ) from None
    require_plot(folder / "picture.png")


def inline(path: Path, alt: str) -> Picture:
    """Return a PNG file as a part of a page."""
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    return Picture(alt=alt, data=f"data:image/png;base64,{data}")


def write_page(template: str, values: Mapping[str, Any], path: Path) -> None:
    """Write a page; every value is escaped, whatever it holds.

    Args:
        template: its name among the package's assets.
        values: what the template shows.
        path: where to.

    Raises:
        OutputError: it cannot be written.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("streamrec", "assets/report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": _percent, "number": _number}
    css = (files("streamrec") / "assets" / "report" / "report.css").read_text(encoding="utf-8")
    text = environment.get_template(template).render(values, css=css, version=__version__)
    with atomic_path(path) as temporary:
        temporary.write_bytes(text.encode("utf-8", "replace"))  # file names may be no text


def _percent(share: float) -> str:
    return f"{share:.1%}"


def _number(value: str | float | None) -> str:
    """Return a cell of a table: a text as it is, a number with three digits."""
    if value is None or value == "":
        return "\N{EN DASH}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return str(value)
