"""``streamrec models``: which models there are, and keep them."""

import argparse
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from streamrec.cli.words import file_size, print_json, print_table
from streamrec.config import EMBEDDED_MODEL
from streamrec.nn.names import ACTIVATION_NAMES

if TYPE_CHECKING:
    from rich.table import Table

    from streamrec.cli.catalog import Model
    from streamrec.weights.store import StoredModel
    from streamrec.weights.traits import Traits

_DATA_SETS = "jester, kinetics400 or kinetics600"


def _frames_or_none(text: str) -> int | None:
    if text != "none" and not text.isdecimal():
        raise argparse.ArgumentTypeError(f"a number of frames, or none; got {text!r}")
    return None if text == "none" else int(text)


_NAMES = ", ".join(ACTIVATION_NAMES)
_TRAITS: Mapping[str, tuple[Callable[[str], Any], str, str]] = MappingProxyType(
    {
        "gate": (str, "NAME", f"gate of squeeze-excitation: {_NAMES}"),
        "head_activation": (str, "NAME", "activation of the hidden layer: one of the same"),
        "image_size": (int, "PIXELS", "height and width of its input"),
        "fps": (float, "RATE", "frames per second of its clips"),
        "horizon": (_frames_or_none, "N", "frames after which its means forget; none: never"),
    }
)


def register(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("models", help="list, fetch, import and remove models")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = _add(actions, "list", list_models, "list the models that can be named")
    listing.add_argument("--json", action="store_true", help="print one JSON object a model")
    _add_info(actions)
    weights = _add(actions, "weights", plot_weights, "draw a model's first filters", named=True)
    weights.add_argument(
        "--plot", type=Path, required=True, metavar="OUT.png", help="the picture (required)"
    )
    labels = _add(actions, "labels", show_labels, "print class names, one a line")
    labels.add_argument(
        "name", metavar="NAME", help=f"a model's name, or a data set's: {_DATA_SETS}"
    )
    _add(actions, "pull", pull, "fetch a published model", named=True)
    adding = _add(actions, "import", import_file, "store a model from a file")
    adding.add_argument(
        "file",
        type=Path,
        help="PyTorch file (.pt, .pth, .pyth), TensorFlow checkpoint (.tar.gz, .index or folder), "
        ".tflite or .safetensors",
    )
    adding.add_argument(
        "--as", dest="name", required=True, metavar="NAME", help="its name from now on (required)"
    )
    adding.add_argument(
        "--architecture", metavar="A", help="what it is; default: told from names and shapes"
    )
    adding.add_argument(
        "--labels",
        metavar="FILE",
        help=f"class names, one a line, or those of {_DATA_SETS}; default: the file's",
    )
    adding.add_argument(
        "--inflate",
        action="store_true",
        help="the file is of a network for pictures: make one for clips of it, to be trained",
    )
    _add_traits(adding)
    _add(actions, "rm", remove, "remove a stored model", named=True)


def _add_info(actions: Any) -> None:
    info = _add(actions, "info", show_info, "say what a model is, and what it costs")
    info.add_argument("name", metavar="NAME", help="a model's name, or an ONNX or weights file")
    info.add_argument("--json", action="store_true", help="print one JSON object")
    info.add_argument("--arrays", action="store_true", help="list every array of weights")
    info.add_argument(
        "--graph", type=Path, metavar="OUT.png", help="draw its parts with shapes; default: none"
    )


def _add_traits(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "how it was trained", "where that differs from its architecture, or from the file's record"
    )
    for name, (kind, metavar, text) in _TRAITS.items():
        group.add_argument(
            f"--{name.replace('_', '-')}",
            type=kind,
            metavar=metavar,
            default=argparse.SUPPRESS,
            help=f"{text}; default: as recorded",
        )


def _add(
    actions: Any,
    name: str,
    run: Callable[[argparse.Namespace], int],
    text: str,
    *,
    named: bool = False,
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=text)
    if named:
        parser.add_argument("name", metavar="NAME", help="a model's name; see `models list`")
    parser.set_defaults(run=run)
    return parser


def list_models(args: argparse.Namespace) -> int:
    """Print all models as a table, or as JSON lines."""
    from streamrec.cli.catalog import all_models
    from streamrec.weights.store import Store

    models = all_models(Store())
    if args.json:
        for model in models:
            print_json(model)
        return 0
    print_table(table(models))
    return 0


def table(models: "Iterable[Model]") -> "Table":
    """Put models into a table."""
    from rich.table import Table

    from streamrec.cli.model_info import PLACES

    result = Table(box=None, pad_edge=False)
    for heading in ("model", "where"):
        result.add_column(heading, no_wrap=True)
    for heading in ("classes", "input", "fps", "size"):
        result.add_column(heading, justify="right", no_wrap=True)
    result.add_column("note")
    for model in models:
        note = "damaged: see info" if model.damage else " + ".join(model.members)
        result.add_row(model.name, PLACES[model.place], *_figures(model), note)
    return result


def _figures(model: "Model") -> tuple[str, str, str, str]:
    size = file_size(model.size_bytes)
    if model.facts is None:
        return "", "", "", size
    facts = model.facts
    return str(facts.classes), f"{facts.width}x{facts.height}", f"{facts.fps:g}", size


def show_info(args: argparse.Namespace) -> int:
    """Print what is known of a model or an ONNX file."""
    from streamrec.cli.info import show_info

    return show_info(args)


def plot_weights(args: argparse.Namespace) -> int:
    """Draw the filters of a model's first layers."""
    from streamrec.cli.filters import plot_weights

    return plot_weights(args)


def show_labels(args: argparse.Namespace) -> int:
    """Print the class names of one model or data set."""
    from streamrec.cli.catalog import labels_of
    from streamrec.weights.store import Store

    for label in labels_of(args.name, Store()):
        print(label)
    return 0


def pull(args: argparse.Namespace) -> int:
    """Fetch a model, or the members of an ensemble, and say where it is."""
    from streamrec.cli.progress import download_progress
    from streamrec.models.registry import ENSEMBLES
    from streamrec.weights.store import Store

    if args.name == EMBEDDED_MODEL:
        print(f"{args.name} is embedded, there is nothing to fetch")
        return 0
    store = Store()
    for name in ENSEMBLES.get(args.name, (args.name,)):
        with download_progress(name) as progress:
            record = store.pull(name, progress)
        print(_stored(record, store.folder(name)))
    return 0


def import_file(args: argparse.Namespace) -> int:
    """Store a model from a file and say what it became."""
    from streamrec.errors import OptionError
    from streamrec.models.registry import ENSEMBLES, architecture
    from streamrec.weights.labels import labels_from
    from streamrec.weights.store import Store

    if args.name == EMBEDDED_MODEL or args.name in ENSEMBLES:
        raise OptionError(f"{args.name!r} is the name of another model; take another name")
    store = Store()
    record = store.import_file(
        args.file,
        args.name,
        architecture=None if args.architecture is None else architecture(args.architecture),
        labels=None if args.labels is None else labels_from(args.labels),
        traits=cast("Traits", {key: value for key, value in vars(args).items() if key in _TRAITS}),
        inflate=args.inflate,
    )
    print(_stored(record, store.folder(args.name)))
    return 0


def remove(args: argparse.Namespace) -> int:
    """Remove a stored model."""
    from streamrec.cli.catalog import find
    from streamrec.errors import OptionError
    from streamrec.weights.store import Store

    store = Store()
    model = find(args.name, store)
    if model.members:
        raise OptionError(f"{args.name} is several models: remove {' and '.join(model.members)}")
    if model.place != "stored":
        raise OptionError(f"{args.name} is not stored, so there is nothing to remove")
    store.remove(args.name)
    print(f"removed {args.name}")
    return 0


def _stored(record: "StoredModel", folder: Path) -> str:
    known = "labels known" if record.labelled else "labels not known"
    return (
        f"{record.name}: {record.architecture}, {record.classes} classes, {known}, "
        f"{file_size(record.size_bytes)}, in {folder}"
    )
