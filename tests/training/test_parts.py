"""A trunk that stays and a tail that learns are the network together."""

from dataclasses import replace

import pytest
import torch
from support import tiny_architecture

from streamrec.errors import OptionError
from streamrec.model_source import network
from streamrec.models.architecture import ClipArchitecture
from streamrec.models.registry import ARCHITECTURES
from streamrec.training.parts import divide, freeze_norms
from streamrec.weights.untrained import untrained

SIZE = 32
STREAM = replace(tiny_architecture("stream"), image_size=SIZE, horizon=3)
BASE = replace(tiny_architecture("base"), image_size=SIZE)
FRAMES = replace(ARCHITECTURES["mobilenet-v2"], classes=5)
WINDOW = replace(ARCHITECTURES["mobilenet3d-v2-0.2"], classes=5)
MOVINET_PARTS = [("classifier", 0), ("head", 0), ("blocks", 1), ("blocks", 3), ("all", 0)]
CASES = [
    *[(STREAM, *parts) for parts in MOVINET_PARTS],
    *[(BASE, *parts) for parts in MOVINET_PARTS],
    *[(record, parts, 0) for record in (FRAMES, WINDOW) for parts in ("classifier", "all")],
]


def made(architecture):
    return network(untrained(architecture))


def clips(architecture, frames=4):
    window = isinstance(architecture, ClipArchitecture) and not architecture.causal
    frames = architecture.clip_frames if window else frames
    size = architecture.preprocessing.height if architecture not in (STREAM, BASE) else SIZE
    return torch.rand(2, frames, 3, size, size, generator=torch.Generator().manual_seed(0))


def name(case):
    return case if isinstance(case, str | int) else case.name + case.family


@pytest.mark.parametrize(("architecture", "trained", "blocks"), CASES, ids=name)
@torch.inference_mode()
def test_trunk_and_tail_are_the_network(architecture, trained, blocks):
    whole, clip = made(architecture), clips(architecture)
    expected = whole(clip)
    trunk, tail = divide(whole, trained, blocks)
    x = clip if trunk is None else trunk(clip)
    logits, _ = tail(x, tail.initial_state(x))
    expected = expected if expected.ndim == 3 else expected[:, None]
    assert torch.allclose(logits, expected, atol=1e-5 * float(expected.abs().max()))


@pytest.mark.parametrize(("trained", "blocks"), MOVINET_PARTS)
@torch.inference_mode()
def test_chunks_with_a_carried_state_give_what_the_whole_clip_gives(trained, blocks):
    trunk, tail = divide(made(STREAM), trained, blocks)
    clip = clips(STREAM, frames=7)
    x = clip if trunk is None else trunk(clip)
    whole, _ = tail(x, tail.initial_state(x))
    state, pieces = tail.initial_state(x), []
    for begin in (0, 3, 4):
        logits, state = tail(x[:, begin : {0: 3, 3: 4, 4: 7}[begin]], state)
        pieces.append(logits)
    assert torch.allclose(torch.cat(pieces, 1), whole, atol=1e-5)


@pytest.mark.parametrize(("architecture", "trained", "blocks"), CASES, ids=name)
def test_only_the_tail_learns(architecture, trained, blocks):
    whole = made(architecture)
    trunk, tail = divide(whole, trained, blocks)
    learning = {id(p) for p in whole.parameters() if p.requires_grad}
    assert learning == {id(p) for p in tail.parameters()}
    assert trunk is None or learning != {id(p) for p in whole.parameters()}


def test_what_the_tail_learns_the_network_has():
    whole = made(STREAM)
    _, tail = divide(whole, "head", 0)
    with torch.no_grad():
        next(tail.parameters()).zero_()
    assert not whole.head.project.conv.weight.any()


def test_a_network_without_blocks_says_what_it_takes():
    with pytest.raises(OptionError, match="--trained classifier or --trained all"):
        divide(made(FRAMES), "blocks", 2)


def test_more_blocks_than_there_are_is_refused():
    with pytest.raises(OptionError, match="--blocks is at most"):
        divide(made(STREAM), "blocks", 100)


def test_frozen_norms_keep_their_statistics():
    whole = made(STREAM).train()
    freeze_norms(whole)
    before = {name: value.clone() for name, value in whole.named_buffers()}
    whole(clips(STREAM))
    assert all(torch.equal(value, before[name]) for name, value in whole.named_buffers())
