import math
from dataclasses import MISSING, fields
from typing import get_args, get_type_hints

import pytest

from streamrec.config import (
    ModelOptions,
    OutputOptions,
    RecipeOptions,
    SourceOptions,
    StreamOptions,
)
from streamrec.errors import OptionError

RECORDS = (ModelOptions, StreamOptions, SourceOptions, OutputOptions)
OPTIONS = [(record, option) for record in RECORDS for option in fields(record)]


@pytest.mark.parametrize("record", RECORDS)
def test_defaults_are_allowed(record):
    record(**({"source": "0"} if record is SourceOptions else {}))


@pytest.mark.parametrize(
    ("record", "option"), OPTIONS, ids=lambda value: getattr(value, "name", "")
)
def test_every_option_has_a_help_text_and_a_known_type(record, option):
    assert option.metadata["help"]
    hint = get_type_hints(record)[option.name]
    kinds = {type(value) for value in get_args(hint)} & {str}
    assert kinds or hint in (str, int, float, bool, str | None)


def test_a_name_means_one_option_only():
    names = [option.name for _, option in OPTIONS]
    assert len(set(names)) == len(names)


def test_only_the_source_must_be_given():
    required = [option.name for _, option in OPTIONS if option.default is MISSING]
    assert required == ["source"]


@pytest.mark.parametrize(
    ("record", "values", "message"),
    [
        (
            ModelOptions,
            {"runtime": "tvm"},
            "--runtime is one of auto, native, onnx, torch; got 'tvm'",
        ),
        (ModelOptions, {"threads": 0}, "--threads is at least 1 and at most 256; got 0"),
        (StreamOptions, {"predict": "always"}, "--predict is one of frame, grid; got 'always'"),
        (StreamOptions, {"smooth_seconds": 0.0}, "--smooth-seconds is at least 0.001; got 0.0"),
        (StreamOptions, {"smooth_seconds": float("nan")}, "got nan"),
        (SourceOptions, {"source": "0", "open_timeout": -1.0}, "--open-timeout is at least 0.1"),
        (SourceOptions, {"source": "0", "open_timeout": math.inf}, "at most 3600; got inf"),
        (SourceOptions, {"source": "0", "read_timeout": 1e300}, r"at most 3600; got 1e\+300"),
        (SourceOptions, {"source": "0", "read_timeout": math.nan}, "at most 3600; got nan"),
        (OutputOptions, {"top": 0}, "--top is at least 1; got 0"),
        (OutputOptions, {"format": "xml"}, "--format is one of json, msgpack; got 'xml'"),
    ],
)
def test_a_value_that_is_not_allowed_is_named_with_what_is(record, values, message):
    with pytest.raises(OptionError, match=message) as caught:
        record(**values)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("chosen", "rate"),
    [
        ({"trained": "classifier"}, 1e-3),
        ({"trained": "blocks"}, 3e-4),
        ({"trained": "all"}, 3e-4),
        ({"trained": "all", "scratch": True}, 1e-3),
        ({"trained": "all", "rate": 0.0}, 0.0),
    ],
)
def test_pretrained_blocks_learn_slowly(chosen, rate):
    assert RecipeOptions(**chosen).highest_rate == rate
