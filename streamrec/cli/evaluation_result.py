"""All that ``streamrec evaluate`` measures, before it is printed or written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from streamrec.config import EventSettings
from streamrec.evaluation.clips import Fault, Views
from streamrec.evaluation.live_result import LiveResult
from streamrec.evaluation.open_set import OpenSet
from streamrec.evaluation.thresholds import Threshold
from streamrec.report.record import Judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What was measured.

    Attributes:
        model: as ``--model`` takes it.
        engine: what computed.
        which: the clips, in words.
        judged: what was said of them, by how much of them was seen.
        open_set: what clips of no class raise; None: not measured.
        thresholds: suggested scores of events; None: not asked for.
        events: the rules that these are measured with.
        live: figures of endless video; None: not asked for.
        faults: clips that cannot be read.
    """

    model: str
    engine: str
    which: str
    judged: Mapping[Views, Judgement]
    open_set: OpenSet | None
    thresholds: Sequence[Threshold] | None
    events: EventSettings
    live: LiveResult | None
    faults: Sequence[Fault]

    @property
    def best_judged(self) -> Judgement:
        """What was said of whole clips, where they were seen."""
        return self.judged.get("multi") or next(iter(self.judged.values()))
