"""One model of a comparison: made ready here, then run in a process of its own."""

from collections.abc import Sequence
from dataclasses import dataclass

from streamrec.build import load_model, sees_windows
from streamrec.comparison.alone import Tell, peak_memory_bytes
from streamrec.comparison.cost import Cost, cost_of
from streamrec.comparison.observe import Observation, observe
from streamrec.config import ModelOptions, WindowOptions
from streamrec.errors import DownloadError, UnknownModelError
from streamrec.model_source import UNTRAINED, display_name
from streamrec.models.registry import ARCHITECTURES
from streamrec.sources.open import open_source
from streamrec.weights.files import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A model that is at hand.

    Attributes:
        source: what loads it.
        model: what it is called.
        options, windows: how it runs.
        untrained: whether its weights are random: its answers mean nothing, its cost does.
        cost: of its networks.
    """

    source: str
    model: str
    options: ModelOptions
    windows: WindowOptions
    untrained: bool
    cost: Cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How a model did.

    Attributes:
        entry: the model.
        engine: what computed it.
        observations: one for each file.
        peak_memory_bytes: the most memory that its process had; None where that is not told.
    """

    entry: Entry
    engine: str
    observations: tuple[Observation, ...]
    peak_memory_bytes: int | None


def enter(
    name: str,
    options: ModelOptions,
    windows: WindowOptions,
    *,
    allow_untrained: bool,
    progress: Progress | None = None,
) -> Entry:
    """Fetch and export a model, so that running it is all that is left to do.

    Args:
        name: the model.
        options: how it runs.
        windows: how it sees a stream, if it sees whole clips.
        allow_untrained: take random weights where there are none here and none can be fetched.
        progress: told of the bytes received while fetching.

    Raises:
        ModelError: the model cannot be had.
        OptionError: it does not run that way.
    """
    source = name
    try:
        windows = windows if sees_windows(name) else WindowOptions()
        recognizer = load_model(name, options, windows, progress)
    except (DownloadError, UnknownModelError) as error:
        if name not in ARCHITECTURES:
            raise
        if not allow_untrained:
            raise type(error)(f"{error}; or add --untrained, to see what it costs") from None
        source = f"{UNTRAINED}{name}"
        recognizer = load_model(source, options, windows)
    return Entry(
        source=source,
        model=display_name(name.removeprefix(UNTRAINED)),
        options=options,
        windows=windows,
        untrained=not recognizer.spec.trained,
        cost=cost_of(source, windows.window),
    )


def run_entry(entry: Entry, files: Sequence[str], mirror: bool, tell: Tell) -> Run:
    """Run a model over files; ``tell`` is called at every frame.

    Raises:
        ModelError: it cannot be loaded any more.
        SourceError: a file cannot be read.
    """
    recognizer = load_model(entry.source, entry.options, entry.windows)
    observations = []
    for file in files:
        with open_source(file, mirror=mirror) as source:
            observations.append(
                observe(recognizer, source, file=file, on_frame=lambda frame: tell())
            )
    return Run(
        entry=entry,
        engine=recognizer.engine,
        observations=tuple(observations),
        peak_memory_bytes=peak_memory_bytes(),
    )
