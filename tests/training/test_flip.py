"""What mirroring makes of labels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.errors import OptionError
from streamrec.training.flip import FlipRule, names_side

LABELS = ("swipe left", "swipe right", "wave", "thumb up", "turn clockwise")


@pytest.mark.parametrize(
    "label",
    [
        "left",
        "Turning Right",
        "turn_left",
        "turnLeft",
        "LEFTTurn",
        "look-left2",
        "leftwards",
        "right-handed",
        "rotate counter-clockwise",
        "rotate counterclockwise",
        "anticlockwise",
        "go East",
        "northwest wind",
        "push from left to right",
    ],
)
def test_sides_are_found_in_labels(label: str) -> None:
    assert names_side(label)


@pytest.mark.parametrize(
    "label", ["wave", "bright light", "copyright", "feast", "cleft", "upright", "fighting", "7", ""]
)
def test_sides_are_whole_words(label: str) -> None:
    assert not names_side(label)


def test_a_label_with_a_side_is_not_mirrored_without_its_pair() -> None:
    rule = FlipRule(LABELS)
    assert rule.flipped(("swipe left",)) is None
    assert rule.flipped(("wave",)) == ("wave",)
    assert rule.flipped(()) == ()


def test_pairs_swap_and_others_stay() -> None:
    rule = FlipRule(LABELS, "swipe left=swipe right, wave=thumb up")
    assert rule.flipped(("swipe left",)) == ("swipe right",)
    assert rule.flipped(("thumb up", "swipe right")) == ("wave", "swipe left")
    assert rule.flipped(("turn clockwise",)) is None


def test_a_label_may_be_its_own_mirror_image() -> None:
    assert FlipRule(LABELS, "turn clockwise=turn clockwise").flipped(LABELS[4:]) == LABELS[4:]


def test_a_clip_is_mirrored_only_if_all_its_labels_may_be() -> None:
    assert FlipRule(LABELS).flipped(("wave", "swipe left")) is None


def test_an_unknown_label_is_refused_with_the_nearest() -> None:
    with pytest.raises(OptionError, match="no label 'swipe lift'; nearest: 'swipe left'"):
        FlipRule(LABELS, "swipe lift=swipe right")


@pytest.mark.parametrize(
    "swap", ["wave", "wave=", "swipe left=wave=thumb up", "wave=swipe left, wave=thumb up"]
)
def test_what_is_no_list_of_pairs_is_refused(swap: str) -> None:
    with pytest.raises(OptionError, match="--swap"):
        FlipRule(LABELS, swap)


def test_it_says_what_it_does() -> None:
    said = str(FlipRule(LABELS, "swipe left=swipe right"))
    assert "swaps 'swipe left' and 'swipe right'" in said
    assert "none of 'turn clockwise'" in said
    assert "wave" not in said
    assert str(FlipRule(("wave",))) == "half of the clips are mirrored"


WORDS = st.sampled_from(
    ["left", "right", "wave", "turnLeft", "clockwise", "jump", "go east", "sit"]
)


@given(st.data(), st.lists(WORDS, min_size=1, unique=True))
def test_mirroring_twice_changes_nothing(data: st.DataObject, labels: list[str]) -> None:
    order = data.draw(st.permutations(labels))
    count = data.draw(st.integers(0, len(order) // 2))
    swap = ", ".join(f"{a}={b}" for a, b in zip(order[::2], order[1::2], strict=False))
    rule = FlipRule(tuple(labels), ",".join(swap.split(",")[:count]))
    shown = data.draw(st.lists(st.sampled_from(labels), unique=True))
    flipped = rule.flipped(shown)
    assert flipped is None or rule.flipped(flipped) == tuple(shown)
    assert (flipped is None) == bool(set(shown) & set(rule.kept))
