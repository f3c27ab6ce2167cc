"""Predictions on standard output: a line when the answer changes, or JSON lines."""

import secrets
import sys
import time
from collections import Counter
from typing import BinaryIO, TextIO

from streamrec.errors import OutputError
from streamrec.types import Frame, Prediction
from streamrec.wire import encode, message_of


class ConsoleSink:
    """Writes a line for people whenever another class leads.

    Args:
        out: where to write, None: standard output.
        top: how many classes a line names.
    """

    def __init__(self, out: TextIO | None = None, *, top: int = 3) -> None:
        self._out = sys.stdout if out is None else out
        self._top = top
        self._leading: dict[str, tuple[int, bool]] = {}

    def emit(self, prediction: Prediction, frame: Frame) -> None:
        """Write a line if the best class is another one than before, or the warm-up is over.

        Raises:
            OutputError: the output is closed.
        """
        leading = (int(prediction.scores.argmax()), prediction.warm_up)
        if self._leading.get(prediction.source) == leading:
            return
        self._leading[prediction.source] = leading
        scores = prediction.top(self._top)
        answers = "   ".join(f"{score.label} {score.score:.0%}" for score in scores)
        mark = "   (warming up)" if prediction.warm_up else ""
        self._write(f"{prediction.source}  {_when(prediction)}  {answers}{mark}\n")

    def close(self) -> None:
        """Nothing is held back, so there is nothing to do."""

    def _write(self, line: str) -> None:
        encoding = self._out.encoding or "utf-8"
        try:
            self._out.write(line.encode(encoding, "backslashreplace").decode(encoding))
            self._out.flush()
        except BrokenPipeError:
            raise  # the reader has enough; the command line ends in peace
        except (OSError, ValueError) as error:
            raise OutputError(f"cannot write to standard output: {error}") from None


class JsonLinesSink:
    """Writes each prediction as one line of JSON in UTF-8: the message that subscribers get.

    Args:
        out: where to write, None: standard output.
        top: how many classes a message names.
    """

    def __init__(self, out: BinaryIO | None = None, *, top: int = 5) -> None:
        self._out = sys.stdout.buffer if out is None else out
        self._top = top
        self._session = secrets.token_hex(8)
        self._sequences: Counter[str] = Counter()

    def emit(self, prediction: Prediction, frame: Frame) -> None:
        """Write one line.

        Raises:
            OutputError: the output is closed.
            MessageError: scores that are not finite.
        """
        sequence = self._sequences[prediction.source]
        line = encode(message_of(prediction, sequence, self._session, self._top))
        try:
            self._out.write(line + b"\n")
            self._out.flush()
        except BrokenPipeError:
            raise  # the reader has enough; the command line ends in peace
        except (OSError, ValueError) as error:
            raise OutputError(f"cannot write to standard output: {error}") from None
        self._sequences[prediction.source] += 1

    def close(self) -> None:
        """Nothing is held back, so there is nothing to do."""


def _when(prediction: Prediction) -> str:
    """Media time as minutes and seconds, or the time of day where there is none."""
    if prediction.pts_s is None:
        return time.strftime("%H:%M:%S", time.localtime(prediction.captured_s))
    minutes, seconds = divmod(max(prediction.pts_s, 0.0), 60)
    return f"{minutes:02.0f}:{seconds:04.1f}"
