"""Every option, stated once: type, default, allowed values and help.

Command-line flags are made from these records, and so are the keys of configuration files.
"""

import math
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

from streamrec.errors import OptionError
from streamrec.types import DEFAULT_CONTROL, DEFAULT_ENDPOINT, DEFAULT_REPLAY, MAX_CLIP_FRAMES

DEFAULT_MODEL = "movinet-a0-stream"
EMBEDDED_MODEL = "gestures"


def option(
    default: Any,
    text: str,
    *,
    metavar: str | None = None,
    least: float = -math.inf,
    most: float = math.inf,
) -> Any:
    """Declare an option: its default (``MISSING``: required), its help, its least and most."""
    facts = {"help": text, "metavar": metavar, "least": least, "most": most}
    return field(default=default, metadata=facts)


class Checked:
    """Options that check themselves."""

    def __post_init__(self) -> None:
        """Compare each value with what is allowed.

        Raises:
            OptionError: a value that is not.
        """
        record: type = type(self)
        hints = _hints(record)
        for item in fields(self):  # type: ignore[arg-type]
            check_option(item, getattr(self, item.name), hints[item.name])


@cache
def _hints(record: type) -> dict[str, Any]:
    """Look the types of a record's fields up once; a configuration has thousands of records."""
    return get_type_hints(record)


def check_option(item: "Field[Any]", value: Any, hint: Any) -> None:
    """Check one value against its declaration.

    Raises:
        OptionError: it is not allowed; the message says what is.
    """
    fault = fault_of(item, value, hint)
    if fault:
        raise OptionError(f"--{item.name.replace('_', '-')} {fault}; got {value!r}")


def fault_of(item: "Field[Any]", value: Any, hint: Any) -> str:
    """Say what an option is where ``value`` is not; nothing where it is."""
    allowed = get_args(hint) if get_origin(hint) is Literal else ()
    if allowed and value not in allowed:
        return f"is one of {', '.join(map(str, allowed))}"
    if not _has_type(value, hint):
        kinds = (kind.__name__.replace("NoneType", "None") for kind in _kinds(hint))
        return f"is {' or '.join(kinds)}"
    least, most = item.metadata["least"], item.metadata["most"]
    if isinstance(value, int | float) and not least <= value <= most:
        return f"is at least {least:g}" + ("" if most == math.inf else f" and at most {most:g}")
    return ""


def _has_type(value: Any, hint: Any) -> bool:
    """Compare with ``int``, ``float``, ``str`` or ``bool``; the command line gives no other."""
    kinds = _kinds(hint)
    if isinstance(value, bool):
        return not kinds or bool in kinds
    return not kinds or isinstance(value, kinds) or (float in kinds and isinstance(value, int))


def _kinds(hint: Any) -> tuple[type, ...]:
    """Return the types that a hint allows; none of a ``Literal``."""
    return tuple(kind for kind in get_args(hint) or (hint,) if isinstance(kind, type))


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOptions(Checked):
    """Which model, and what runs it."""

    model: str | None = option(
        None,
        f"model name or file; default: {DEFAULT_MODEL}, or the embedded {EMBEDDED_MODEL} where "
        "that cannot be had",
        metavar="NAME",
    )
    runtime: Literal["auto", "native", "onnx", "torch"] = option(
        "auto", "engine; auto takes the fastest that works here and agrees with PyTorch"
    )
    precision: Literal["fp32", "bf16"] = option(
        "fp32", "bf16, native only: round weights, and what they multiply, to bfloat16; faster"
    )
    device: str = option("auto", "device of the torch runtime: auto, cpu, cuda, ...")
    threads: int = option(
        1, "threads within one step; the native runtime takes one", metavar="N", least=1, most=256
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowOptions(Checked):
    """How models that see whole clips see a stream; the others ignore this."""

    window: int | None = option(
        None,
        "frames of a clip; shorter is faster and less accurate; default: as trained",
        metavar="N",
        least=1,
        most=MAX_CLIP_FRAMES,
    )
    hop: int | None = option(
        None,
        "frames from one prediction to the next; default: a quarter of the window",
        metavar="N",
        least=1,
        most=4096,
    )
    clip_stride: int = option(
        1, "take every N-th frame of the model's own rate", metavar="N", least=1, most=64
    )
    flow: Literal["dis", "tvl1"] = option(
        "dis", "optical flow, where the model sees it: real-time, or as published"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamOptions(Checked):
    """How frames become predictions."""

    predict: Literal["frame", "grid"] = option(
        "frame", "a prediction for every frame, or on the model's own time grid only"
    )
    smooth: Literal["exponential", "window", "none"] = option(
        "exponential", "smoothing of the scores over time"
    )
    smooth_seconds: float = option(0.5, "its time constant or length", metavar="S", least=0.001)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOptions(Checked):
    """Where frames come from."""

    source: str = option(
        MISSING,
        "camera number, file, rtsp://, http(s)://, udp:// or synthetic:",
        metavar="SOURCE",
    )
    name: str | None = option(
        None, "what topics and messages call it; default: made from the source", metavar="NAME"
    )
    realtime: bool = option(False, "play a file at its own speed")
    mirror: bool = option(False, "flip the picture left to right, as webcam programs do")
    open_timeout: float = option(
        10.0, "longest wait for a connection", metavar="S", least=0.1, most=3600
    )
    read_timeout: float = option(
        10.0, "longest wait for a frame", metavar="S", least=0.1, most=3600
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputOptions(Checked):
    """Where predictions go."""

    publish: str = option(DEFAULT_ENDPOINT, "ZeroMQ endpoint to bind", metavar="ENDPOINT")
    format: Literal["json", "msgpack"] = option("json", "encoding of the messages")
    top: int = option(5, "classes in a message", metavar="K", least=1)
    show: bool = option(False, "show a window with the predictions; q or Esc ends")
    record: str | None = option(None, "write the video with the predictions", metavar="FILE.mp4")
    json: bool = option(False, "print one JSON object a prediction")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureOptions(Checked):
    """How cameras and network streams are kept alive."""

    transport: Literal["tcp", "udp"] = option("tcp", "what RTSP travels over")
    decoder: Literal["opencv", "av"] = option(
        "opencv",
        "of network streams; av, an extra package, takes a tenth less time for H.264, with "
        "pictures that are a little off between key frames",
    )
    ffmpeg: str = option(
        "", "further FFmpeg options of a network stream", metavar="KEY;VALUE|KEY;VALUE"
    )
    retry_most: float = option(
        60.0, "longest wait between attempts to connect", metavar="S", least=1.0, most=3600
    )
    max_delay: float = option(
        2.0, "leave out frames that are older than this", metavar="S", least=0.05, most=3600
    )
    frozen_after: float = option(
        10.0,
        "withhold pictures that have been the same for so long; 0: never",
        metavar="S",
        least=0.0,
        most=3600,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraOptions(Checked):
    """What a camera of the service is watched for, and when."""

    enabled: bool = option(True, "whether it is watched")
    region: str = option(
        "",
        "what of the picture is looked at, as corners in shares of its width and height: "
        "'0.1,0.2 0.9,1' is a box, three corners and more are a polygon; default: all of it",
        metavar="CORNERS",
    )
    schedule: str = option(
        "",
        "when it is watched, local time: 'mon-fri 18:00-06:00, sat-sun'; default: always",
        metavar="TIMES",
    )
    rate: float = option(
        0.0,
        "predictions a second at most; 0: as many as the model makes",
        metavar="HZ",
        least=0.0,
        most=1000,
    )
    min_score: float = option(
        0.0, "leave classes below this out of the messages", metavar="P", least=0.0, most=1.0
    )
    motion: float = option(
        0.0,
        "ask the model only while at least this share of the picture changes; 0: always",
        metavar="SHARE",
        least=0.0,
        most=1.0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOptions(Checked):
    """When the score of a label is an event."""

    on_score: float = option(0.5, "an event starts at this score", metavar="P", least=0.0, most=1.0)
    off_score: float = option(0.3, "and ends below this one", metavar="P", least=0.0, most=1.0)
    consecutive: int = option(
        2,
        "predictions in a row that reach it before an event starts",
        metavar="N",
        least=1,
        most=1000,
    )
    min_duration: float = option(
        0.0, "seconds for which they reach it before that", metavar="S", least=0.0, most=3600
    )
    min_gap: float = option(
        1.0,
        "seconds below the lower score before it ends; what comes back earlier is the same event",
        metavar="S",
        least=0.0,
        most=3600,
    )
    cooldown: float = option(
        0.0,
        "seconds after its end in which the label starts no other",
        metavar="S",
        least=0.0,
        most=86400,
    )

    def __post_init__(self) -> None:
        """Compare each value with what is allowed.

        Raises:
            OptionError: a value that is not.
        """
        Checked.__post_init__(self)
        if self.off_score > self.on_score:
            raise OptionError(
                f"--off-score is at most --on-score, {self.on_score:g}; got {self.off_score:g}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class EventOptions(Checked):
    """What is an event at all."""

    exclusive: bool = option(
        True, "one event of a camera at a time: the likeliest label; or all that reach their scores"
    )
    update_every: float = option(
        1.0, "seconds between updates of an open event", metavar="S", least=0.1, most=3600
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSettings:
    """Everything about the events of one camera.

    Attributes:
        options: for all labels.
        rule: of labels that have none of their own.
        allow: labels and aliases that may be events, ``*`` and ``?`` as in file names; none: all.
        deny: those that may not; it overrules ``allow``.
        aliases: names that stand for several labels; those are no events of their own any more.
        labels: rules of single labels and aliases, each whole.
    """

    options: EventOptions = field(default_factory=EventOptions)
    rule: RuleOptions = field(default_factory=RuleOptions)
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    labels: Mapping[str, RuleOptions] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FootageOptions(Checked):
    """Pictures and clips that are kept of events."""

    thumbnail: bool = option(False, "keep a picture of each event")
    clip: bool = option(False, "keep a clip of each event, MP4")
    clip_before: float = option(
        5.0, "seconds that a clip begins before its event", metavar="S", least=0.0, most=60
    )
    clip_after: float = option(
        5.0, "seconds that it goes on afterwards", metavar="S", least=0.0, most=60
    )
    clip_longest: float = option(
        60.0, "seconds that a clip has at most", metavar="S", least=1.0, most=600
    )
    clip_height: int = option(
        360, "height of clips and thumbnails at most, pixels", metavar="PX", least=64, most=2160
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessOptions(Checked):
    """Who may connect from other machines."""

    keys: str = option(
        "",
        "file with the service's secret key, made by `streamrec keys new`: with it, everything is "
        "encrypted, and endpoints that other machines can reach are allowed",
        metavar="FILE",
    )
    clients: str = option(
        "",
        "folder with the public keys of the clients that may connect; default: all that know "
        "the service's public key",
        metavar="FOLDER",
    )
    insecure: bool = option(False, "allow an endpoint that other machines can reach, unencrypted")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOptions(Checked):
    """Where events are kept."""

    store: str = option(
        "auto",
        "database of events: a file (SQLite), postgresql://..., none, or auto: events.db in the "
        "user's data folder, or in STREAMREC_HOME",
        metavar="FILE|URL",
    )
    keep_days: float = option(
        90.0,
        "days after which events are forgotten; 0: never",
        metavar="DAYS",
        least=0.0,
        most=36500,
    )
    media: str = option(
        "", "folder of thumbnails and clips; default: beside the database's file", metavar="FOLDER"
    )
    media_days: float = option(
        30.0,
        "days after which thumbnails and clips are deleted; 0: never",
        metavar="DAYS",
        least=0.0,
        most=36500,
    )
    media_gib: float = option(
        10.0,
        "size of all of them at most, the oldest go first; 0: any",
        metavar="GIB",
        least=0.0,
        most=1e6,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthOptions(Checked):
    """How it is watched itself."""

    metrics: str = option(
        "",
        "serve /metrics, /healthz and /readyz over HTTP; a port alone is this machine's own; "
        "default: not at all",
        metavar="HOST:PORT",
    )
    log_format: Literal["text", "json"] = option("text", "lines of the log")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceOptions(Checked):
    """What all cameras of the service share."""

    publish: str = option(DEFAULT_ENDPOINT, "ZeroMQ endpoint to bind", metavar="ENDPOINT")
    control: str = option(
        DEFAULT_CONTROL, "where `streamrec camera` reaches the service", metavar="ENDPOINT"
    )
    replay: str = option(
        DEFAULT_REPLAY, "where subscribers get the events that they missed", metavar="ENDPOINT"
    )
    format: Literal["json", "msgpack"] = option("json", "encoding of the messages")
    top: int = option(5, "classes in a message", metavar="K", least=1)
    workers: int = option(
        0,
        "processes that run models; 0: one for every 16 cameras, at most one a core",
        metavar="N",
        least=0,
        most=256,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DataOptions(Checked):
    """What a model learns from."""

    data: str = option(
        MISSING,
        "folder of class folders, or a list: .csv or .json with path, label, start, end, split, "
        "group",
        metavar="DIR|FILE",
    )
    val: float = option(
        0.2,
        "share of the clips that judge the model, where the list has no split of its own",
        metavar="SHARE",
        least=0.01,
        most=0.9,
    )
    test: float = option(
        0.0,
        "share that neither trains nor chooses the model",
        metavar="SHARE",
        least=0.0,
        most=0.9,
    )
    folds: int = option(
        0,
        "train so many models, each judged by another part of the clips; 0: one model",
        metavar="N",
        least=0,
        most=100,
    )
    frames: int | None = option(
        None,
        "frames of a training clip; default: as the model was trained, or as many as the longest "
        "clip has, if that is less",
        metavar="N",
        least=1,
        most=MAX_CLIP_FRAMES,
    )
    stride: int = option(
        1, "take every N-th frame of the model's own rate", metavar="N", least=1, most=64
    )
    lead: int = option(
        0,
        "frames of another clip that come before each clip and set the model's state, as live "
        "video does; they are not judged",
        metavar="N",
        least=0,
        most=MAX_CLIP_FRAMES,
    )
    discard: int = option(
        1,
        "leave out clips of fewer frames than this, at the model's rate",
        metavar="N",
        least=1,
        most=MAX_CLIP_FRAMES,
    )
    workers: int = option(
        0,
        "processes that read clips; 0: the trainer itself",
        metavar="N",
        least=0,
        most=256,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AugmentOptions(Checked):
    """How clips are varied."""

    crop: float = option(
        0.5,
        "least share of the picture that a random crop keeps; 1: no crops",
        metavar="SHARE",
        least=0.05,
        most=1.0,
    )
    color: float = option(
        0.3,
        "how far brightness, contrast and saturation vary; 0: not at all",
        metavar="SHARE",
        least=0.0,
        most=1.0,
    )
    speed: float = option(
        1.2,
        "play up to so many times faster or slower; 1: as filmed",
        metavar="FACTOR",
        least=1.0,
        most=4.0,
    )
    flip: bool = option(
        True,
        "mirror half of the clips, but none whose label names a side or a direction and is not "
        "in --swap",
    )
    swap: str = option(
        "",
        "labels that mirroring swaps, as 'swipe left=swipe right, wave=wave'; default: none",
        metavar="A=B,...",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeOptions(Checked):
    """What is trained, and how."""

    model: str = option(
        DEFAULT_MODEL, "what to start from: a model's name or a file of weights", metavar="NAME"
    )
    trained: Literal["classifier", "head", "blocks", "all"] = option(
        "classifier",
        "what of it learns: the classifier alone (minutes on a CPU), the head, the head and the "
        "last --blocks, or all; the rest stays as it is, and what it makes of the clips is kept",
    )
    blocks: int = option(
        2, "last blocks of a MoViNet that learn with --trained blocks", metavar="K", least=1
    )
    scratch: bool = option(False, "begin with random weights; takes --trained all")
    horizon: int | None = option(
        None,
        "frames after which running means forget; 0: never, as the reference; default: the "
        "model's, or those of a training clip, if they are fewer",
        metavar="N",
        least=0,
        most=100_000,
    )
    epochs: int = option(30, "times that each clip is seen", metavar="N", least=1, most=1_000_000)
    steps: int | None = option(
        None, "end after so many steps; default: after the epochs", metavar="N", least=1
    )
    batch: int = option(16, "clips in a step on each device", metavar="N", least=1, most=65536)
    accumulate: int = option(
        1, "batches whose gradients make one step", metavar="N", least=1, most=4096
    )
    rate: float | None = option(
        None,
        "highest learning rate; default: 1e-3, or 3e-4 where pretrained blocks learn",
        metavar="R",
        least=0.0,
        most=10.0,
    )
    warmup: float = option(
        0.1,
        "share of the steps in which the rate rises; it falls as a cosine after that",
        metavar="SHARE",
        least=0.0,
        most=1.0,
    )
    weight_decay: float = option(0.05, "of AdamW", metavar="W", least=0.0, most=10.0)
    label_smoothing: float = option(
        0.1, "share of the target given to all classes", metavar="SHARE", least=0.0, most=0.9
    )
    class_weights: bool = option(
        True, "let rare classes count as much as frequent ones, where clips show one class each"
    )
    per_frame: float = option(
        0.5,
        "share of the loss that is of every frame, so that early frames answer well; the rest is "
        "of the last one",
        metavar="SHARE",
        least=0.0,
        most=1.0,
    )
    chunk: int | None = option(
        None,
        "carry the state from chunk to chunk of so many frames, without its gradient; default: the "
        "whole clip at once",
        metavar="N",
        least=1,
        most=MAX_CLIP_FRAMES,
    )
    views: int = option(
        8,
        "variations of each clip, where what stays as it is has to see them first",
        metavar="N",
        least=1,
        most=1000,
    )
    ema: float = option(
        0.99,
        "how slowly the averaged weights follow, which are the result",
        least=0.0,
        most=0.99999,
    )
    patience: int = option(
        0,
        "stop after so many epochs without a lower loss on the validation clips, and take the "
        "best; 0: take the last",
        metavar="N",
        least=0,
    )
    teacher: str | None = option(
        None, "a larger model with the same labels, whose answers are learnt, too", metavar="NAME"
    )
    distil: float = option(
        0.5, "share of the loss that is the teacher's", metavar="SHARE", least=0.0, most=1.0
    )
    quantised: bool = option(False, "learn with 8-bit rounding, for `streamrec export --int8`")
    seed: int = option(0, "of everything random", metavar="N", least=0, most=2**31 - 1)

    @property
    def highest_rate(self) -> float:
        """The learning rate after the warm-up; what is pretrained and deep takes a lower one."""
        if self.rate is not None:
            return self.rate
        return 3e-4 if self.trained in ("blocks", "all") and not self.scratch else 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineOptions(Checked):
    """Where it is trained."""

    out: str = option(MISSING, "folder of the run: model, report, curves", metavar="DIR")
    device: Literal["auto", "cpu", "cuda", "mps"] = option("auto", "what computes")
    devices: int = option(1, "how many of them", metavar="N", least=1, most=1024)
    precision: Literal["32", "bf16", "16"] = option("32", "mixed precision, where it is not 32")
    threads: int = option(
        0, "threads of PyTorch; 0: as many as it chooses", metavar="N", least=0, most=256
    )
    resume: bool = option(False, "go on with the run in --out")


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveOptions(Checked):
    """Endless video, made of the clips with background between them."""

    ages: str = option(
        "0,10,60", "minutes of background that the stream has seen before a clip", metavar="MIN,..."
    )
    horizons: str = option(
        "half,own,double,none",
        "frames after which running means forget, each measured: numbers; half, own and double "
        "of the model; none: never, as in the reference",
        metavar="N,...",
    )
    background: str = option(
        "",
        "video in which nothing happens, or a folder of such; default: the clips without labels, "
        "or still scenes",
        metavar="FILE|DIR",
    )
    background_label: str | None = option(
        None,
        "labels with which the model says that nothing happens; default: 'still', if it has that",
        metavar="LABEL,...",
    )
    before: float = option(
        3.0, "seconds of background right before a clip", metavar="S", least=0.0, most=60
    )
    after: float = option(
        10.0, "seconds of background right after it", metavar="S", least=0.0, most=60
    )
    overlaps: str = option(
        "0.1,0.3,0.5",
        "shares of time that an event and its action have in common at least (intersection over "
        "union), each measured",
        metavar="SHARE,...",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectOptions(Checked):
    """What is recorded."""

    to: str = option(
        MISSING,
        "folder of class folders; clips are added to what is there, nothing is replaced",
        metavar="DIR",
    )
    labels: str = option(
        "",
        "labels, each recorded by its key: 1 to 9, then a to z; 'w=wave,c=clap' chooses the keys; "
        "with --model: the labels whose events are kept, 'boxing=fight' under another name; "
        "default: all of the model",
        metavar="A,B,...",
    )
    before: float = option(
        1.0,
        "seconds that a clip begins before its key, or its event",
        metavar="S",
        least=0.0,
        most=60,
    )
    after: float = option(
        2.0,
        "seconds that it goes on after the last press of the key, or after the event",
        metavar="S",
        least=0.0,
        most=600,
    )
    toggle: bool = option(
        False, "a press begins a clip, the next press of the same key ends it at once"
    )
    longest: float = option(
        60.0, "seconds that a clip has at most", metavar="S", least=1.0, most=600
    )
    background: float = option(
        0.0,
        "also record nothing, as _background, every so many seconds in which no label is recorded; "
        "0: never",
        metavar="S",
        least=0.0,
        most=86400,
    )
    show: bool = option(False, "show the picture in a window, which takes the keys, too")
