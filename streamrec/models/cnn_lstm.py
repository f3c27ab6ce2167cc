"""Inception-v1 on each frame, and an LSTM over time: the I3D paper's "ConvNet+LSTM".

Carreira and Zisserman 2017, arXiv 1705.07750, section 2.1: an LSTM of 512 hidden units with batch
norm after the last average pool, then a dense layer. It sees every fifth frame of 25 a second, and
gives logits after each. No weights are published.
"""

from typing import ClassVar

import torch
from torch import Tensor, nn

from streamrec.models.inception import BATCH_NORM_EPSILON, FEATURES, InceptionMaps
from streamrec.nn.stream import TensorState

HIDDEN = 512
"""Units of the LSTM."""

_NORM_SCALE = 0.1


class CnnLstm(nn.Module):
    """Logits after each frame. State: ``hidden`` and ``cell`` of the LSTM, each [N, 512].

    Args:
        variant: ``inception-v1``, the only one.
        classes: number of classes.

    Attributes:
        classifiers, unused: as for ``ClipNetwork``.
    """

    classifiers: ClassVar[tuple[str, ...]] = ("fc",)
    unused: ClassVar[tuple[str, ...]] = ()

    def __init__(self, variant: str, classes: int) -> None:
        super().__init__()
        self.frame = InceptionMaps()
        self.lstm = NormalizedLstmCell(FEATURES, HIDDEN)
        self.fc = nn.Linear(HIDDEN, classes)

    def initial_state(self, batch: int = 1) -> TensorState:
        """Return the state of ``batch`` streams that have seen nothing: zeros."""
        zeros = self.fc.weight.new_zeros(batch, HIDDEN)
        return {"hidden": zeros, "cell": zeros.clone()}

    def step(self, x: Tensor, state: TensorState) -> tuple[Tensor, TensorState]:
        """Take one frame of each stream, float32 [N, 3, H, W].

        Returns:
            Logits [N, classes], and the next state; ``state`` is not changed.
        """
        following = self.advance(x, state)
        return self.classify(following["hidden"]), following

    def advance(self, x: Tensor, state: TensorState) -> TensorState:
        """Return the state that ``step`` gives, without the dense layer."""
        hidden, cell = self.lstm(self.frame.features(x), state["hidden"], state["cell"])
        return {"hidden": hidden, "cell": cell}

    def features(self, video: Tensor) -> Tensor:
        """[N, 3, T, H, W] -> what the classifier sees after the last frame, [N, 512]."""
        state = self.initial_state(len(video))
        for frame in video.unbind(2):
            state = self.advance(frame, state)
        return state["hidden"]

    def classify(self, features: Tensor) -> Tensor:
        """[N, 512] -> logits [N, classes]."""
        return self.fc(features)

    def forward(self, clip: Tensor) -> Tensor:
        """Run whole clips, [N, T, 3, H, W]; return logits after each frame, [N, T, classes]."""
        state, logits = self.initial_state(len(clip)), []
        for frame in clip.unbind(1):
            y, state = self.step(frame, state)
            logits.append(y)
        return torch.stack(logits, 1)


class NormalizedLstmCell(nn.Module):
    """One step of an LSTM with batch norm (Cooijmans et al. 2016, arXiv 1603.09025, section 3).

    The input's part of the gates, the hidden units' part and the cell are normalised each on its
    own. All moments share their statistics, for a stream has no last moment. The norms' offsets
    are the gates' biases.
    """

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.input = nn.Linear(inputs, 4 * hidden, bias=False)
        self.recurrent = nn.Linear(hidden, 4 * hidden, bias=False)
        self.input_norm = _norm(4 * hidden)
        self.recurrent_norm = _norm(4 * hidden)
        self.cell_norm = _norm(hidden)

    def forward(self, x: Tensor, hidden: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
        """Input [N, inputs], hidden and cell [N, hidden] -> the next hidden and cell."""
        gates = self.input_norm(self.input(x)) + self.recurrent_norm(self.recurrent(hidden))
        keep, write, show, value = gates.chunk(4, 1)
        cell = torch.sigmoid(keep) * cell + torch.sigmoid(write) * torch.tanh(value)
        return torch.sigmoid(show) * torch.tanh(self.cell_norm(cell)), cell


def _norm(channels: int) -> nn.BatchNorm1d:
    """Batch norm that starts small, so that gradients pass the gates at first."""
    norm = nn.BatchNorm1d(channels, eps=BATCH_NORM_EPSILON)
    nn.init.constant_(norm.weight, _NORM_SCALE)
    return norm
