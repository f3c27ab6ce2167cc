import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import spec_of, tiny_architecture

from streamrec.card import FORMAT, ModelCard, Ring, card_from_json
from streamrec.errors import WeightsError

SPEC = spec_of(tiny_architecture())
RINGS = (Ring(("a_0", "a_1"), "next_a", (1, 8, 4, 4)), Ring(("b",), "next_b", (1, 1, 1, 1)))
STEP = ModelCard(spec=SPEC, kind="step", rings=RINGS, provenance={"source": "a test"})
CLIP = ModelCard(spec=SPEC, kind="clip", provenance={})


@pytest.mark.parametrize("card", [STEP, CLIP], ids=["step", "clip"])
def test_a_card_comes_back_from_json_as_it_was(card):
    assert card_from_json(card.to_json(), "file") == card


def test_a_card_from_before_there_were_several_labels_is_read():
    text = STEP.to_json()
    assert ',"multi_label":false' in text
    assert card_from_json(text.replace(',"multi_label":false', ""), "file") == STEP


def test_a_step_graph_takes_a_frame_and_each_entry_of_its_rings():
    frame, ring, single = (1, 3, 32, 32), (1, 8, 4, 4), (1, 1, 1, 1)
    assert STEP.inputs() == {"frame": frame, "a_0": ring, "a_1": ring, "b": single}
    assert STEP.outputs() == {"logits": (1, 10), "next_a": ring, "next_b": single}


def test_a_clip_graph_takes_any_number_of_frames():
    assert CLIP.inputs() == {"clip": (None, 3, 32, 32)}
    assert CLIP.outputs() == {"logits": (1, 10)}


def test_a_card_of_a_later_format_says_so():
    text = STEP.to_json().replace(f'"format":{FORMAT}', f'"format":{FORMAT + 1}')
    with pytest.raises(WeightsError, match=rf"file: .*format {FORMAT + 1}.*reads {FORMAT}"):
        card_from_json(text, "file")


@given(
    st.one_of(
        st.text(max_size=50),
        st.integers(0, len(STEP.to_json()) - 1).map(lambda length: STEP.to_json()[:length]),
    )
)
def test_text_that_is_no_card_is_refused_in_one_line(text):
    with pytest.raises(WeightsError, match=r"^file: ") as caught:
        card_from_json(text, "file")
    assert "\n" not in str(caught.value)
