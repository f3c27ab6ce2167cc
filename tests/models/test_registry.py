import pytest

from streamrec.errors import OptionError, UnknownModelError
from streamrec.models.movinet import MoViNet
from streamrec.models.registry import ENSEMBLES, MOVINETS, architecture, groups

PUBLISHED_SIZES = {  # the reference implementation's own counts, with 600 classes
    "movinet-a0-stream": 3_765_983,
    "movinet-a1-stream": 6_481_560,
    "movinet-a2-stream": 7_366_050,
    "movinet-a3-stream": 11_043_146,
    "movinet-a0-base": 3_126_071,
    "movinet-a1-base": 4_717_912,
    "movinet-a3-base": 7_443_289,
}


@pytest.mark.parametrize("name", PUBLISHED_SIZES)
def test_model_has_as_many_numbers_as_the_reference(name):
    state = MoViNet(MOVINETS[name]).state_dict()
    numbers = sum(x.numel() for key, x in state.items() if not key.endswith("batches_tracked"))
    assert numbers == PUBLISHED_SIZES[name]


def test_every_size_comes_in_every_family():
    sizes = {name.split("-")[1] for name in MOVINETS}
    assert sizes == {"t0", "a0", "a1", "a2", "a3", "a4", "a5"}
    assert len(MOVINETS) == 3 * len(sizes)


def test_ensembles_name_known_members():
    assert all(member in MOVINETS for members in ENSEMBLES.values() for member in members)


def test_unknown_name_suggests_the_nearest():
    with pytest.raises(UnknownModelError, match="movinet-a0-stream"):
        architecture("movinet-a0-steam")


def test_rows_of_different_length_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        groups(((8, "16 16", "33"),), (1,))


def test_a_record_refuses_a_horizon_of_nothing():
    from dataclasses import replace

    with pytest.raises(OptionError, match="horizon"):
        replace(MOVINETS["movinet-a0-stream"], horizon=0)
