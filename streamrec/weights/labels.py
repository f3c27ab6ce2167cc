"""Class names of the data sets that published models were trained on."""

from importlib.resources import as_file, files

from streamrec.weights.files import read_labels


def embedded_labels(name: str) -> tuple[str, ...]:
    """Return the class names of a data set, in logit order; ``kinetics600`` is there."""
    with as_file(files("streamrec") / "assets" / "labels" / f"{name}.txt") as path:
        return read_labels(path)
