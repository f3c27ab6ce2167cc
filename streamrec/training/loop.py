"""The loop: batches in, averaged weights out.

Whatever is random is drawn anew from the seed and the step's number, and batches are in an order
that seed and epoch decide. So a training that was killed goes on exactly as it would have.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from streamrec.config import RecipeOptions
from streamrec.errors import TrainingError
from streamrec.nn.stream import TensorState
from streamrec.training.batches import cut, read_batches
from streamrec.training.checkpoint import Standing, load_standing, save_standing
from streamrec.training.curves import Curves
from streamrec.training.examples import Example, Examples
from streamrec.training.losses import ClipLoss, time_weights
from streamrec.training.parts import Tail, freeze_norms

SAVED_EVERY_S = 60.0
"""A training that is killed loses less than this, seconds."""

_CLIP_NORM = 5.0
_CHECKPOINT = "checkpoint.pt"

Judge = Callable[[Tail], dict[str, float]]
"""Figures of the validation clips, ``loss`` among them."""

Tell = Callable[[str], None]
"""Told at each step how it stands, in words."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Course:
    """What one training is.

    Attributes:
        tail: what learns; with the averaged weights at the end.
        examples: what it learns from.
        loss: how wrong it is.
        judge: how good it is on the validation clips.
        recipe: the options.
        folder: where its checkpoint is.
        curves: where its figures go; None: another device's process writes them.
        workers: processes that read examples; 0: this one.
        lead: frames of an example that come before its clip.
    """

    tail: Tail
    examples: Examples
    loss: ClipLoss
    judge: Judge
    recipe: RecipeOptions
    folder: Path
    curves: Curves | None
    workers: int
    lead: int

    @property
    def batches(self) -> int:
        """Steps of an epoch, on one device."""
        return math.ceil(len(self.examples) / (self.recipe.batch * self.recipe.accumulate))

    def steps(self, devices: int) -> int:
        """Steps of the whole training on so many devices."""
        return self.recipe.steps or self.recipe.epochs * math.ceil(self.batches / devices)


def standing_in(folder: Path, device: torch.device) -> Standing | None:
    """Return how far the training in a folder has come; None: it has not begun.

    Raises:
        WeightsError: its checkpoint is damaged.
    """
    path = folder / _CHECKPOINT
    return load_standing(path, device) if path.exists() else None


def learn(course: Course, fabric: Fabric, standing: Standing, tell: Tell) -> None:
    """Train, from where it stands to its end.

    Raises:
        OutputError: the disk is full, or cannot be written.
        SourceError: a clip cannot be read any more.
    """
    learner = _Learner(course, fabric, standing)
    while not standing.over:
        for micro_batches in learner.groups():
            tell(f"loss {learner.step(micro_batches):.3f}")
        learner.judge()
    learner.finish()


class _Learner:
    def __init__(self, course: Course, fabric: Fabric, standing: Standing) -> None:
        self._course, self._fabric, self._recipe = course, fabric, course.recipe
        self.standing = standing
        self.steps = course.steps(fabric.world_size)
        self._per_epoch = math.ceil(course.batches / fabric.world_size)
        tail = course.tail.to(fabric.device)
        self._average = AveragedModel(tail, avg_fn=self._averaged, use_buffers=True)
        optimizer = torch.optim.AdamW(_groups(tail, self._recipe.weight_decay), lr=0.0)
        if standing.step:
            tail.load_state_dict(standing.tail)
            self._average.load_state_dict(standing.average)
            optimizer.load_state_dict(standing.optimizer)
        self._model, self._optimizer = fabric.setup(tail, optimizer)
        self._saved_s = time.monotonic()

    def groups(self) -> Iterator[list[Example]]:
        """Yield what is left of this epoch, the micro-batches of a step at a time."""
        epoch, skipped = divmod(self.standing.step, self._per_epoch)
        recipe, examples = self._recipe, self._course.examples
        examples.turn_to(epoch)
        mine = _order(len(examples), recipe.seed, epoch, self._fabric)
        groups = cut(cut(mine, recipe.batch), recipe.accumulate)[skipped:]
        groups = groups[: self.steps - self.standing.step]
        order = [batch for group in groups for batch in group]
        batches = read_batches(examples, order, self._course.workers)
        for group in groups:
            yield [next(batches) for _ in group]

    def step(self, micro_batches: Sequence[Example]) -> float:
        """Learn from one step's batches; return their loss."""
        if time.monotonic() - self._saved_s > SAVED_EVERY_S:  # an epoch that is saved was judged
            self._save()
        torch.manual_seed(_mixed(self._recipe.seed, self.standing.step, self._fabric.global_rank))
        self._model.train()
        if not self._recipe.scratch:
            freeze_norms(self._model)
        for group in self._optimizer.param_groups:
            group["lr"] = self._recipe.highest_rate * _schedule(
                self.standing.step, self.steps, self._recipe.warmup
            )
        last = len(micro_batches) - 1
        loss = right = 0.0
        for i, example in enumerate(micro_batches):
            with self._fabric.no_backward_sync(self._model, enabled=i < last):
                wrong, good = self._backward(example, 1 / len(micro_batches))
            loss, right = loss + wrong, right + good / len(micro_batches)
        if not math.isfinite(loss):
            raise TrainingError(
                f"the loss is {loss} at step {self.standing.step + 1}: learning broke down; begin "
                "again with a lower --rate, or a longer --warmup"
            )
        self._fabric.clip_gradients(
            self._model, self._optimizer, max_norm=_CLIP_NORM, error_if_nonfinite=False
        )
        self._optimizer.step()
        self._optimizer.zero_grad()
        self._average.update_parameters(self._course.tail)
        self.standing.step += 1
        self.standing.seen.append((loss, right))
        return loss

    def judge(self) -> None:
        """At the end of an epoch: look at the validation clips, keep what is best, save."""
        standing, recipe = self.standing, self._recipe
        rate = self._optimizer.param_groups[0]["lr"]
        figures = self._course.judge(self._average.module)  # type: ignore[arg-type]
        figures = self._fabric.broadcast(figures)  # all devices end at the same epoch
        epoch = math.ceil(standing.step / self._per_epoch)
        if curves := self._course.curves:
            loss, accuracy = map(fmean, zip(*standing.seen, strict=True))
            learnt = {"loss": loss, "accuracy": accuracy, "rate": rate}
            curves.add(standing.step, epoch, "train", learnt)
            curves.add(standing.step, epoch, "val", figures)
        standing.seen.clear()
        if figures["loss"] < standing.lowest:
            standing.lowest, standing.since = figures["loss"], 0
            standing.best = _weights(self._average.module) if recipe.patience else {}
        else:
            standing.since += 1
        impatient = 0 < recipe.patience <= standing.since
        standing.over = impatient or standing.step >= self.steps
        self._save()

    def finish(self) -> None:
        """Put the averaged weights into the tail: the best, where one waits for them."""
        weights = self.standing.best if self._recipe.patience else self._average.module.state_dict()
        self._course.tail.load_state_dict(weights)
        self._course.tail.eval()

    def _backward(self, example: Example, share: float) -> tuple[float, float]:
        """Return the share of the loss, and how many of the clips are told right."""
        x, target, soft = (part.to(self._fabric.device) for part in example)
        lead = min(self._course.lead, x.shape[1] - 1)
        over_time = time_weights(x.shape[1], self._recipe.per_frame, lead).to(x)
        state: TensorState = self._course.tail.initial_state(x)
        total = 0.0
        length = (state and self._recipe.chunk) or x.shape[1]
        for begin in range(0, x.shape[1], length):
            piece = slice(begin, begin + length)
            frames, moments = x[:, piece], over_time[piece]
            logits, state = self._model(frames, state)
            if logits.shape[1] < frames.shape[1]:  # one answer to a window
                moments = moments.new_ones(1)
            loss = share * self._course.loss(
                logits, target, moments, soft if soft.numel() else None
            )
            self._fabric.backward(loss)
            state = {name: value.detach() for name, value in state.items()}
            total += loss.item()
        best = logits[:, -1].detach().argmax(-1, keepdim=True)
        return total, target.gather(-1, best).mean().item()

    def _averaged(self, average: Tensor, value: Tensor, count: Tensor | int) -> Tensor:
        """Follow quickly at first, while there is little to average."""
        if not average.is_floating_point():
            return value
        decay = min(self._recipe.ema, (1 + float(count)) / (10 + float(count)))
        return torch.lerp(value, average, decay)

    def _save(self) -> None:
        if self._fabric.is_global_zero:
            standing = self.standing
            standing.tail = self._course.tail.state_dict()
            standing.average = self._average.state_dict()
            standing.optimizer = self._optimizer.state_dict()
            save_standing(standing, self._course.folder / _CHECKPOINT)
        self._saved_s = time.monotonic()


def _order(count: int, seed: int, epoch: int, fabric: Fabric) -> list[int]:
    """Shuffle examples and return this device's; all get as many, some of them twice if need be."""
    order = np.random.default_rng([seed, epoch]).permutation(count)
    each = math.ceil(count / fabric.world_size)
    even = np.resize(order, each * fabric.world_size)
    mine: list[int] = even[fabric.global_rank :: fabric.world_size].tolist()
    return mine


def _mixed(*numbers: int) -> int:
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])


def _schedule(step: int, steps: int, warmup: float) -> float:
    """Linear rise, then a cosine to zero."""
    rise = warmup * steps
    if step < rise:
        return (step + 1) / (rise + 1)
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / max(steps - rise, 1)))


def _weights(module: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in module.state_dict().items()}


def _groups(tail: nn.Module, decay: float) -> list[dict[str, object]]:
    """Kernels are pulled towards zero, but neither norms nor offsets."""
    parameters = [p for p in tail.parameters() if p.requires_grad]
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
