"""Every benchmark by name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import accuracy
import age
import cameras
import capture
import compare
import decode
import flicker
import input_size
import isolation
import live
import live_evaluation
import memory
import mobile
import recovery
import roofline
import startup
import step
import streams
import subscribers
import transfer
import windows
from options import Options
from tables import Table, plain
from timing import Row


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One thing to measure.

    Attributes:
        measure: takes the options, returns rows.
        description: what its table shows, a sentence.
        table: puts the rows into a table.
        inputs: the options that name files for it.
    """

    measure: Callable[[Options], list[Row]]
    description: str
    table: Callable[[Sequence[Row]], Table] = plain
    inputs: tuple[str, ...] = ()


BENCHMARKS: Mapping[str, Benchmark] = MappingProxyType(
    {
        "step": Benchmark(
            step.measure,
            "Milliseconds a frame, one frame a step, random weights, median; in brackets the "
            "ratio to the peer. LiteRT and OpenVINO run without carrying states; OpenVINO runs our "
            "graph less what is there for ONNX Runtime.",
            step.table,
            inputs=("litert",),
        ),
        "mobile": Benchmark(
            mobile.measure,
            "The mobile variant with trained Kinetics-600 weights: real clips named right, and "
            "milliseconds a frame, one thread, states carried.",
            inputs=("trained", "clips"),
        ),
        "accuracy": Benchmark(
            accuracy.measure,
            "One long stream of real clips, trained Kinetics-600 weights: differences from "
            "PyTorch's logits, frame by frame.",
            inputs=("trained", "clips"),
        ),
        "compare": Benchmark(
            compare.measure,
            "What `streamrec compare` says of real clips: a MoViNet stream with trained "
            "Kinetics-600 weights, others with random ones, which cost the same and name nothing; "
            "preprocessing and inference, one thread, each model in a process of its own.",
            inputs=("trained", "clips"),
        ),
        "windows": Benchmark(
            windows.measure,
            "What a prediction costs: a model that sees whole clips runs its window anew for each, "
            "a stream model takes one step. Milliseconds by engine, median, and in brackets the "
            "ratio to the first; one thread, random weights, optical flow not counted. A hop lies "
            "between two predictions, unless told otherwise.",
            windows.table,
        ),
        "live": Benchmark(
            live.measure,
            "From capture to the subscriber, a camera with 30 frames/s, a prediction for every "
            "frame.",
            live.table,
        ),
        "live-evaluation": Benchmark(
            live_evaluation.measure,
            "How good a model with trained Kinetics-600 weights is on endless video: real clips, "
            "each played into a stream that has seen so many minutes of background, by the number "
            "of frames after which its running means forget; everlasting ones are the reference's. "
            "Shares of right answers, medians of seconds, precision and recall of events by their "
            "overlap with the action.",
            live_evaluation.table,
            inputs=("trained", "clips", "background"),
        ),
        "transfer": Benchmark(
            transfer.measure,
            "A model with trained Kinetics-600 weights learns other labels, by what of it learns: "
            "accuracy over five folds that keep groups together, its spread over the folds, and "
            "minutes for all five, reports aside.",
            inputs=("trained", "labelled"),
        ),
        "cameras": Benchmark(
            cameras.measure,
            "Processor time of a 1920 x 1080 video at 25 frames/s, decoding and resize included.",
            inputs=("video",),
        ),
        "capture": Benchmark(
            capture.measure,
            "Many cameras through `streamrec serve`: H.264 over RTSP, 25 frames/s each, a "
            "prediction from random weights wanted every fifth of a second. From the decoded frame "
            "to the subscriber; the processor time of all processes of the service, and where it "
            "goes.",
            inputs=("video",),
        ),
        "decode": Benchmark(
            decode.measure,
            "Small pictures out of H.264 as a fixed camera sends it, 25 frames/s, no frame that "
            "others do not need, a key frame every 2 s: processor time per frame of the source, "
            "five pictures of 172 x 172 kept a second, one thread; how far they are from the "
            "model's time grid, and from OpenCV's pictures.",
            inputs=("video",),
        ),
        "isolation": Benchmark(
            isolation.measure,
            "A camera with H.264 over RTSP, 25 frames/s, captured on a thread and in a process of "
            "its own: processor time a frame of the camera, delay from its decoding to the reader, "
            "time to the first frame, and memory that only the capture process has.",
            inputs=("video",),
        ),
        "recovery": Benchmark(
            recovery.measure,
            "From the end of a fault to the first frame that is handed on: a camera with H.264 "
            "over RTSP, 25 frames/s, a key frame every 2 s, time-outs of 10 s.",
            inputs=("video",),
        ),
        "subscribers": Benchmark(
            subscribers.measure,
            "A publisher and its subscribers, a fifth of which never read, without and with keys: "
            "predictions a second as fast as it goes; at 100 a second, the delay of one subscriber "
            "who reads, the time from connecting to the first status, and the memory that the "
            "publisher grows by. Below, what hostile clients over bare TCP do to that subscriber.",
        ),
        "startup": Benchmark(
            startup.measure,
            "From the command `streamrec run` to the first prediction, in a fresh process, the "
            "model cached.",
        ),
        "memory": Benchmark(
            memory.measure, "Resident memory of a process that serves one model, MiB."
        ),
        "roofline": Benchmark(
            roofline.measure,
            "What bounds a step: its multiplications at the speed of a large matrix product, what "
            "it reads at the speed of a dot product, and the native step, one thread.",
        ),
        "input-size": Benchmark(
            input_size.measure, "Cost of a step against the size of the picture, one thread."
        ),
        "streams": Benchmark(
            streams.measure,
            "Cost of a step against the number of streams that take turns, one thread.",
        ),
        "age": Benchmark(age.measure, "Cost of a step against the age of the stream, one thread."),
        "flicker": Benchmark(
            flicker.measure,
            "Changes of the best class on real clips, by smoothing.",
            flicker.table,
            inputs=("trained", "clips"),
        ),
    }
)
