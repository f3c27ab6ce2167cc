import pytest
import torch
from torch import Tensor, fx, nn
from untrained_networks import CLASSES, filled, noise

from streamrec.models.cnn_lstm import CnnLstm, NormalizedLstmCell
from streamrec.models.inception import Inception, copy_convolutions

FRAMES = 5


@pytest.fixture(scope="module")
def network():
    return filled(CnnLstm("inception-v1", CLASSES))


@pytest.fixture(autouse=True)
def inference():
    with torch.inference_mode():
        yield


def clip(batch: int = 1, seed: int = 0) -> Tensor:
    return noise(batch, FRAMES, 3, 64, 64, seed=seed)


def test_a_clip_gives_what_its_frames_give_one_by_one(network):
    frames, state, logits = clip(2), network.initial_state(2), []
    for frame in frames.unbind(1):
        y, state = network.step(frame, state)
        logits.append(y)
    assert torch.equal(network(frames), torch.stack(logits, 1))


def test_the_features_of_a_clip_are_what_is_classified_after_its_last_frame(network):
    frames = clip()
    features = network.features(frames.transpose(1, 2))
    assert features.shape == (1, 512)
    assert torch.equal(network.classify(features), network(frames)[:, -1])


def test_the_future_does_not_change_the_past_but_the_past_the_future(network):
    frames, changed = clip(), clip()
    changed[:, 2] = clip(seed=1)[:, 2]
    differs = (network(frames) != network(changed)).any(-1)[0]
    assert differs.tolist() == [False, False, True, True, True]


def test_the_streams_of_a_batch_do_not_mix(network):
    frames, changed = clip(2), clip(2)
    changed[1] = clip(seed=1)[0]
    assert torch.equal(network(frames)[0], network(changed)[0])
    assert not torch.equal(network(frames)[1], network(changed)[1])


def test_a_step_leaves_its_state_as_it_was(network):
    _, state = network.step(clip()[:, 0], network.initial_state())
    before = {name: value.clone() for name, value in state.items()}
    network.step(clip()[:, 1], state)
    assert all(torch.equal(before[name], value) for name, value in state.items())


def test_a_frame_whose_logits_nobody_reads_leaves_the_same_state(network):
    frame = clip()[:, 0]
    _, stepped = network.step(frame, network.initial_state())
    advanced = network.advance(frame, network.initial_state())
    assert all(torch.equal(advanced[name], value) for name, value in stepped.items())


def test_a_new_stream_has_a_state_of_zeros(network):
    state = network.initial_state(3)
    assert {name: value.shape for name, value in state.items()} == {
        "hidden": (3, 512),
        "cell": (3, 512),
    }
    assert not any(value.any() for value in state.values())


def test_its_frames_are_seen_as_a_network_for_pictures_sees_them(network):
    pictures = filled(Inception("v1", 3))
    other = CnnLstm("inception-v1", CLASSES).eval()
    copy_convolutions(pictures, other.frame)
    frame = clip()[:, 0]
    assert torch.equal(other.frame.features(frame), pictures.features(frame))


def test_without_its_norms_the_cell_is_an_ordinary_one():
    cell, ordinary = NormalizedLstmCell(6, 4).eval(), nn.LSTMCell(6, 4, bias=False)
    for norm in (cell.input_norm, cell.recurrent_norm, cell.cell_norm):
        nn.init.constant_(norm.weight, (1 + norm.eps) ** 0.5)
    for mine, theirs in ((cell.input, ordinary.weight_ih), (cell.recurrent, ordinary.weight_hh)):
        write, keep, value, show = theirs.chunk(4)
        mine.weight.copy_(torch.cat([keep, write, show, value]))
    state = noise(2, 4, seed=1), noise(2, 4, seed=2)
    torch.testing.assert_close(cell(noise(2, 6), *state), ordinary(noise(2, 6), state))


def test_the_cells_norm_changes_what_is_shown_and_not_what_is_remembered():
    cell, inputs = NormalizedLstmCell(6, 4).eval(), (noise(2, 6), noise(2, 4), noise(2, 4, seed=1))
    shown, remembered = cell(*inputs)
    cell.cell_norm.bias.add_(1.0)
    shown_after, remembered_after = cell(*inputs)
    assert torch.equal(remembered, remembered_after)
    assert not torch.equal(shown, shown_after)


class Step(nn.Module):
    """A step as an export traces it."""

    def __init__(self, network: CnnLstm) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor, hidden: Tensor, cell: Tensor) -> tuple[Tensor, ...]:
        logits, state = self.network.step(x, {"hidden": hidden, "cell": cell})
        return logits, state["hidden"], state["cell"]


def test_a_step_can_be_traced(network):
    step = Step(network)
    inputs = noise(1, 3, 64, 64), noise(1, 512), noise(1, 512)
    traced = fx.symbolic_trace(step)(*inputs)
    assert all(torch.equal(a, b) for a, b in zip(traced, step(*inputs), strict=True))


def test_it_has_the_papers_number_of_parameters():
    with torch.device("meta"):
        network = CnnLstm("inception-v1", 400)
    assert round(sum(x.numel() for x in network.parameters()) / 1e6) == 9
