"""What ``streamrec models info`` says of a model, in words."""

from collections.abc import Iterable, Mapping
from math import prod
from typing import TYPE_CHECKING

from streamrec.cli.words import count, file_size, frames, in_line, make_table, sizes
from streamrec.inspection.facts import Block, Inspection

if TYPE_CHECKING:
    from rich.table import Table

    from streamrec.cli.catalog import Facts, Model
    from streamrec.types import FlowInput, Preprocessing
    from streamrec.weights.accuracy import Accuracy

PLACES = {
    "embedded": "embedded",
    "stored": "stored",
    "published": "can be pulled",
    "architecture": "weights to import",
    "file": "in a file",
}


def model_facts(model: "Model", inspection: Inspection | None) -> dict[str, str]:
    """Say what a model is, by key."""
    facts = model.facts
    said = {
        "name": model.name,
        "where": PLACES[model.place],
        "damaged": model.damage,
        "mean of": " and ".join(model.members),
        **({} if facts is None else _network(facts)),
        **({} if facts is None or inspection is None else _costs(facts, inspection)),
        "accuracy": "" if model.accuracy is None else _accuracy(model.accuracy),
        "doubt": model.doubt,
        "labels": "known" if model.labelled else "not known",
        "source": model.source,
        "license": model.license,
        "size": file_size(model.size_bytes),
        "sha256": model.sha256 or "",
    }
    return {key: value for key, value in said.items() if value}


def _network(facts: "Facts") -> dict[str, str]:
    return {
        "family": facts.family or "exported",
        "classes": str(facts.classes),
        "input": f"{facts.width}x{facts.height} pixels, {facts.fps:g} frames/s",
        "preprocessing": preprocessing_words(facts.preprocessing),
        "flow": "" if facts.flow is None else flow_words(facts.flow),
        "training clip": frames(facts.clip_frames, facts.fps),
        "receptive field": "" if facts.windowed else frames(facts.receptive_field, facts.fps),
        "horizon": "" if facts.windowed else _horizon(facts),
    }


def _horizon(facts: "Facts") -> str:
    return "none: never forgets" if facts.horizon is None else frames(facts.horizon, facts.fps)


def preprocessing_words(preprocessing: "Preprocessing") -> str:
    """Say how a picture becomes input."""
    height, width = preprocessing.resized or (preprocessing.height, preprocessing.width)
    if preprocessing.resize == "stretch":
        resize = f"stretched to {width}x{height}"
    else:
        resize = f"cropped and resized to {width}x{height}"
    if preprocessing.resized is not None:
        resize += f", the centre of {preprocessing.width}x{preprocessing.height}"
    order = preprocessing.color.upper()
    mean, std = (_numbers(each) for each in (preprocessing.mean, preprocessing.std))
    return f"{resize}; {order} in [0, 1], less {mean}, over {std}"


def _numbers(values: Iterable[float]) -> str:
    texts = [f"{value:.4g}" for value in values]
    return texts[0] if len(set(texts)) == 1 else f"({', '.join(texts)})"


def flow_words(flow: "FlowInput") -> str:
    """Say how a network sees motion."""
    beside = "beside the colours" if flow.colors else "instead of colours"
    return (
        f"{beside}: the centre of {flow.width}x{flow.height}, up to {flow.bound:g} pixels a frame"
    )


def _costs(facts: "Facts", inspection: Inspection) -> dict[str, str]:
    each, second = count(inspection.macs), count(inspection.macs_per_s)
    kinds = inspection.layer_counts.items()
    return {
        "receptive field": _receptive_field(facts, inspection),
        "parameters": count(inspection.parameters),
        "multiply-adds": f"{each} a {inspection.unit}, {second} a second of video",
        "state": file_size(inspection.state_bytes) if inspection.state_bytes else "none",
        "layers": ", ".join(f"{number} {kind}" for kind, number in kinds),
    }


def _receptive_field(facts: "Facts", inspection: Inspection) -> str:
    reach = inspection.receptive_field
    if reach is None:
        return "all frames so far"
    if not facts.windowed:
        return frames(reach, facts.fps)
    if reach < facts.clip_frames:
        return f"{frames(reach, facts.fps)} by convolutions, the whole clip by means over time"
    return f"the whole clip; convolutions and pools reach over {frames(reach, facts.fps)}"


def _accuracy(accuracy: "Accuracy") -> str:
    top5 = "" if accuracy.top5 is None else f", top-5 {accuracy.top5:g} %"
    return f"top-1 {accuracy.top1:g} %{top5} on {accuracy.data} ({accuracy.source})"


def block_table(blocks: Iterable[Block]) -> "Table":
    """Put the parts of a network into a table."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("part", "of", "kernels", "gives"):
        table.add_column(heading, no_wrap=True)
    for heading in ("parameters", "multiply-adds"):
        table.add_column(heading, justify="right", no_wrap=True)
    for block in blocks:
        times = f" and {block.repeats - 1} more" if block.repeats > 1 else ""
        kernels = ", ".join(dict.fromkeys(map(sizes, block.kernels)))
        costs = count(block.parameters), count(block.macs)
        table.add_row(block.name + times, block.kind, kernels, sizes(block.shape), *costs)
    return table


def array_table(arrays: Mapping[str, tuple[int, ...]]) -> "Table":
    """Put arrays into a table."""
    table = make_table("array", "shape", "numbers>")
    for name, shape in arrays.items():
        table.add_row(in_line(name), sizes(shape) or "one", f"{prod(shape):,}")
    return table
