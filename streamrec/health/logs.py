"""The log on standard error: lines for people, or an object a line for programs."""

import logging
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

LogFormat: TypeAlias = Literal["text", "json"]


def log_to_stderr(fmt: LogFormat = "text", level: int = logging.INFO) -> None:
    """Write what ``streamrec`` logs to standard error, in place of what did so before.

    Args:
        fmt: ``text``: time, level and message. ``json``: one object a line with ``time`` (ISO 8601,
            UTC), ``level``, ``logger``, ``message``, and what is logged with ``extra``, such as
            ``camera`` or ``worker``.
        level: what is logged at least.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(_json_lines() if fmt == "json" else _text_lines())
    log = logging.getLogger("streamrec")
    log.handlers = [handler]
    log.setLevel(level)


def _text_lines() -> logging.Formatter:
    return logging.Formatter("%(asctime)s %(levelname)s %(message)s")


def _json_lines() -> logging.Formatter:
    from pythonjsonlogger.json import JsonFormatter

    class Lines(JsonFormatter):
        def formatTime(  # noqa: N802
            self, record: logging.LogRecord, datefmt: str | None = None
        ) -> str:
            return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")

        def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
            return {name: value for name, value in log_data.items() if value is not None}

    return Lines(
        "%(asctime)s %(levelname)s %(name)s %(message)s",
        rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
    )
