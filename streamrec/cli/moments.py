"""Moments and spans of time, as people write and read them: local time."""

import re
from datetime import datetime, timedelta

from streamrec.errors import OptionError

MOMENTS = "2026-11-21, '2026-11-21 14:30', 14:30, 90min, 2h, 3d, 1w (ago), today, yesterday, now"
"""What is understood, by example."""

_AGO = re.compile(r"(\d{1,9}(?:\.\d{1,9})?) ?(s|m|min|h|d|w)")
_CLOCK = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?")
_UNITS_S = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


def parse_moment(text: str, now: datetime) -> float:
    """Return the Unix time that is meant, seconds.

    Args:
        text: as in ``MOMENTS``; ISO 8601 with or without a zone; days begin at midnight.
        now: local time without a zone.

    Raises:
        OptionError: it is none of those.
    """
    try:
        return _moment(text.strip(), now).timestamp()
    except (ValueError, OverflowError, OSError):
        raise OptionError(f"not a time: {text[:80]!r}; for example: {MOMENTS}") from None


def _moment(text: str, now: datetime) -> datetime:
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    named = {"now": now, "today": today, "yesterday": today - timedelta(days=1)}
    if (moment := named.get(text.lower())) is not None:
        return moment
    if ago := _AGO.fullmatch(text):
        return datetime.fromtimestamp(now.timestamp() - float(ago[1]) * _UNITS_S[ago[2]])
    if _CLOCK.fullmatch(text):
        return datetime.fromisoformat(f"{today:%Y-%m-%d} {'' if text[2] == ':' else '0'}{text}")
    return datetime.fromisoformat(text)


def show_moment(time_s: float) -> str:
    """Say a Unix time as local time with its distance from UTC."""
    return datetime.fromtimestamp(time_s).astimezone().isoformat(" ", "seconds")


def show_span(seconds: float) -> str:
    """Say how long: seconds below a minute, otherwise H:MM:SS."""
    return f"{seconds:.1f} s" if seconds < 60 else str(timedelta(seconds=round(seconds)))
