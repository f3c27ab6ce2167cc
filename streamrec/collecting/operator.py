"""What the keys of the person do who collects."""

from collections.abc import Callable, Mapping

from streamrec.collecting.recorder import Recorder

_END = ("q", "\x1b", "\x03")  # Esc; Ctrl-C where the system makes no signal of it
_UNDO = ("\x08", "\x7f")
_GROUP = ("\r", "\n")


class Operator:
    """Takes keys.

    Args:
        labels: the label of each key.
        recorder: records what is pressed.
        tell: is told of unknown keys.

    Attributes:
        ended: True once the end was asked for.
    """

    def __init__(
        self, labels: Mapping[str, str], recorder: Recorder, tell: Callable[[str], None]
    ) -> None:
        self.labels, self.ended = labels, False
        self._recorder, self._tell = recorder, tell

    @property
    def help(self) -> str:
        """Which key does what."""
        keys = [f"{key} {label}" for key, label in self.labels.items()]
        return ", ".join([*keys, "Backspace deletes the last clip", "Enter: new group", "q ends"])

    def press(self, key: str) -> None:
        """Take a key, as the character that it makes."""
        key = key.lower()
        if key in _END:
            self.ended = True
        elif key in _UNDO:
            self._recorder.undo()
        elif key in _GROUP:
            self._recorder.folder.begin_group()
            self._tell("a new group, which may train where the others judge")
        elif key in self.labels:
            self._recorder.press(self.labels[key])
        else:
            self._tell(f"{key!r} is no key: {self.help}")
