"""How good a tail is on clips that it does not learn from."""

import torch
from torch import Tensor
from torch.nn import functional as F

from streamrec.training.batches import cut, read_batches
from streamrec.training.examples import Examples
from streamrec.training.parts import Tail


class TailJudge:
    """Looks at validation clips as they are, after their last frame.

    Args:
        examples: the clips.
        multi_label: whether a clip may show several classes.
        device: where the tail is.
        batch: clips at once.
        workers: processes that read them; 0: this one.
    """

    def __init__(
        self,
        examples: Examples,
        *,
        multi_label: bool,
        device: torch.device,
        batch: int,
        workers: int,
    ) -> None:
        self._examples, self._multi_label = examples, multi_label
        self._device, self._batch, self._workers = device, batch, workers

    @torch.inference_mode()
    def __call__(self, tail: Tail) -> dict[str, float]:
        """Return ``loss`` (nats) and ``accuracy``: how often the best class is one that is shown.

        Clips that show no class count for neither.
        """
        tail.eval()
        loss = right = clips = 0.0
        order = cut(range(len(self._examples)), self._batch)
        for x, target, _ in read_batches(self._examples, order, self._workers):
            known = target.any(-1)
            logits = self._last(tail, x)[known]
            loss += self._loss(logits, target[known]).sum().item()
            best = logits.argmax(-1, keepdim=True)
            right += target[known].gather(-1, best).sum().item()
            clips += len(logits)
        return {"loss": loss / max(clips, 1.0), "accuracy": right / max(clips, 1.0)}

    def _last(self, tail: Tail, x: Tensor) -> Tensor:
        x = x.to(self._device)
        logits, _ = tail(x, tail.initial_state(x))
        return logits[:, -1].float().cpu()

    def _loss(self, logits: Tensor, target: Tensor) -> Tensor:
        if not self._multi_label:
            return F.cross_entropy(logits, target, reduction="none")
        losses = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
        return losses.mean(-1)
