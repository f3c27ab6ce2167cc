"""Flicker of a recogniser, by smoothing."""

from importlib import import_module

from streamrec import load


def test_smoothing_never_adds_changes():
    flicker = import_module("flicker")
    predictions = flicker.recognize(load("gestures"), "synthetic:?seconds=2&width=64&height=48")
    figures = {name: flicker.flicker(predictions, kind) for name, kind in flicker.SMOOTHERS.items()}
    assert figures["exponential 1 s"] <= figures["none"]
    table = flicker.table([figures, figures])
    assert [row[0] for row in table.rows] == list(flicker.SMOOTHERS)
