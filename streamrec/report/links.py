"""Addresses of clips, to be clicked in a page."""

import os
from pathlib import Path
from urllib.parse import quote

from streamrec.dataset.clips import LabelledClip


def link_to(clip: LabelledClip, folder: Path) -> str:
    """Return the address of a clip, relative to the page's folder where both are on one drive.

    Browsers play the piece that the address names.
    """
    try:
        place = quote(os.fsencode(Path(os.path.relpath(clip.path, folder)).as_posix()))
    except ValueError:  # another drive
        place = clip.path.absolute().as_uri()
    return place + _piece(clip)


def _piece(clip: LabelledClip) -> str:
    if clip.end_s is None:
        return f"#t={clip.start_s:g}" if clip.start_s else ""
    return f"#t={clip.start_s:g},{clip.end_s:g}"
