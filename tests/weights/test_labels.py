"""Tests of the class names that are at hand."""

import pytest

from streamrec.errors import LabelsError
from streamrec.weights.labels import DATA_SETS, embedded_labels, labels_from


@pytest.mark.parametrize(
    ("name", "count", "first", "last"),
    [
        ("jester", 27, "Doing other things", "Zooming Out With Two Fingers"),
        ("kinetics400", 400, "abseiling", "zumba"),
        ("kinetics600", 600, "abseiling", "zumba"),
    ],
)
def test_every_data_set_has_its_class_names_in_order(name, count, first, last):
    assert name in DATA_SETS
    labels = embedded_labels(name)
    assert (len(set(labels)), labels[0], labels[-1]) == (count, first, last)
    assert labels_from(name) == labels


def test_the_names_of_kinetics_400_are_the_publishers(shared):
    folder = shared / "reference" / "clip_models"
    for file in ("kinetics_400_labels_torchvision.txt", "kinetics400_labels_i3d_order.txt"):
        assert list(embedded_labels("kinetics400")) == (folder / file).read_text().splitlines()


def test_the_names_of_jester_are_in_the_order_of_the_logits(shared):
    text = (shared / "reference" / "clip_models" / "jester_27_labels_okankop.txt").read_text()
    assert list(embedded_labels("jester")) == text.replace("_", " ").splitlines()


def test_labels_may_be_those_of_a_file(tmp_path):
    (tmp_path / "mine.txt").write_text("a\nb\n")
    assert labels_from(str(tmp_path / "mine.txt")) == ("a", "b")
    with pytest.raises(LabelsError, match="cannot read labels from kinetics"):
        labels_from("kinetics")
