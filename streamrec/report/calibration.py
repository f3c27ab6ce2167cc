"""The reliability diagram: how often the model is right, by how sure it says it is."""

from pathlib import Path
from typing import TYPE_CHECKING

from streamrec.evaluation.metrics import Figures
from streamrec.report.look import BLUE, ORANGE, QUIET, chart, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_reliability(figures: Figures, before: Figures | None, path: Path) -> None:
    """Draw how often it was right in each bin of confidence, above how often it was so sure.

    Args:
        figures: of the model as it is.
        before: of the model before its temperature was fitted.
        path: where to.

    Raises:
        OutputError: the picture cannot be written.
    """
    drawn = [(before, ORANGE, "s", "before")] if before is not None else []
    drawn.append((figures, BLUE, "o", "calibrated" if before is not None else "this model"))
    with chart(path, 5.0) as figure:
        curve, bars = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
        curve.plot([0, 1], [0, 1], "--", color=QUIET, linewidth=1, label="as sure as right")
        for each, color, marker, words in drawn:
            label = f"{words}: off by {each.calibration_error:.1%} on average"
            _draw(curve, bars, each, color, marker, label)
        for axis in (curve.xaxis, curve.yaxis, bars.yaxis):
            axis.set_major_formatter(lambda value, _: f"{value:.0%}")
        curve.set(ylabel="how often it is right", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        bars.set(xlabel="how sure it says it is", ylabel="share")
        figure.legend(loc="outside upper left", frameon=False)
        plain(curve, grid="both")
        plain(bars)


def _draw(
    curve: "Axes", bars: "Axes", figures: Figures, color: str, marker: str, label: str
) -> None:
    reliability = figures.reliability
    some = reliability.counts > 0
    sizes = 20 + 180 * reliability.counts[some] / reliability.counts.sum()
    points = reliability.confidence[some], reliability.accuracy[some]
    curve.plot(*points, color=color, linewidth=1.5, label=label, marker=marker, markersize=4)
    curve.scatter(*points, sizes, color=color, marker=marker, alpha=0.4, linewidths=0)
    share = reliability.counts / reliability.counts.sum()
    bars.stairs(share, reliability.edges, color=color, fill=False, linewidth=1.5, baseline=0)
