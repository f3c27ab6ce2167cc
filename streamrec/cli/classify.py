"""``streamrec classify``: what whole files show."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamrec.cli.options import add_options, read_options
from streamrec.config import DEFAULT_MODEL, ModelOptions, WindowOptions

if TYPE_CHECKING:
    from streamrec.classify import FileAnswer
    from streamrec.recognizer import Recognizer


def register(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("classify", help="say what whole files show")
    parser.add_argument("files", nargs="+", metavar="FILE", help="videos, GIFs or pictures")
    parser.add_argument("--top", type=int, default=5, metavar="K", help="classes; default: 5")
    parser.add_argument("--json", action="store_true", help="print one JSON object a file")
    parser.add_argument(
        "--plot",
        type=Path,
        metavar="OUT.png",
        help="draw probabilities over time; one file only; default: none",
    )
    parser.add_argument("--mirror", action="store_true", help="flip the picture left to right")
    add_options(parser, ModelOptions)
    add_options(parser, WindowOptions)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the command: every file that can be read is answered, then the first error is raised."""
    from streamrec.errors import OptionError, SourceError

    if args.top < 1:
        raise OptionError(f"--top is at least 1; got {args.top}")
    if args.plot is not None and len(args.files) > 1:
        raise OptionError(f"--plot draws one file, got {len(args.files)}")
    if args.plot is not None:
        from streamrec.cli.overwrite import require_other_file
        from streamrec.plot import require_plot

        require_other_file("--plot", args.plot, args.files[0])
        require_plot(args.plot)
    recognizer = _recognizer(args)
    failed: SourceError | None = None
    for file in args.files:
        try:
            answer = _answer(file, recognizer, args.mirror)
        except SourceError as error:
            if failed is not None:
                print(f"streamrec: error: {failed}", file=sys.stderr)
            failed = error
            continue
        print(_json(answer, args.top) if args.json else _text(answer, args.top), flush=True)
        if args.plot is not None:
            from streamrec.plot import save_plot

            save_plot(answer, args.plot, args.top)
    if failed is not None:
        raise failed
    return 0


def _recognizer(args: argparse.Namespace) -> "Recognizer":
    from streamrec.build import choose_model
    from streamrec.cli.progress import download_progress

    options = read_options(args, ModelOptions)
    windows = read_options(args, WindowOptions)
    with download_progress(options.model or DEFAULT_MODEL) as progress:
        return choose_model(options, windows, lambda text: print(text, file=sys.stderr), progress)


def _answer(file: str, recognizer: "Recognizer", mirror: bool) -> "FileAnswer":
    from streamrec.classify import classify
    from streamrec.cli.progress import frame_progress
    from streamrec.errors import OptionError
    from streamrec.sources.open import open_source

    with open_source(file, mirror=mirror) as source:
        if source.live:
            raise OptionError(f"{source.name} has no end; classify takes files, `run` takes this")
        with frame_progress(source.name, source.frame_count) as advance:
            return classify(recognizer, source, file=file, on_frame=lambda frame: advance())


def _json(answer: "FileAnswer", top: int) -> str:
    return json.dumps(
        {
            "file": answer.file,
            "model": answer.model,
            "frames": answer.frames,
            "duration_s": round(answer.duration_s, 3),
            "top": [
                {"id": score.id, "label": score.label, "score": round(score.score, 6)}
                for score in answer.top(top)
            ],
        },
        ensure_ascii=False,
    )


def _text(answer: "FileAnswer", top: int) -> str:
    head = f"{answer.file}  ({answer.frames} frames, {answer.duration_s:.1f} s, {answer.model})"
    lines = [f"  {score.score:6.1%}  {score.label}" for score in answer.top(top)]
    return "\n".join([head, *lines])
