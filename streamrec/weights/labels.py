"""Class names of the data sets that published models were trained on."""

from importlib.resources import as_file, files
from pathlib import Path

from streamrec.weights.files import read_labels

DATA_SETS = ("jester", "kinetics400", "kinetics600")
"""Those whose class names are here."""


def embedded_labels(name: str) -> tuple[str, ...]:
    """Return the class names of one of ``DATA_SETS``, in logit order."""
    with as_file(files("streamrec") / "assets" / "labels" / f"{name}.txt") as path:
        return read_labels(path)


def labels_from(text: str) -> tuple[str, ...]:
    """Return the class names of a data set, or those in a file.

    Args:
        text: one of ``DATA_SETS``, or the path of a text file with one name a line.

    Raises:
        LabelsError: it is neither, or no list of labels.
    """
    return embedded_labels(text) if text in DATA_SETS else read_labels(Path(text))
