"""Every error that streamrec raises on purpose.

::

    StreamrecError                  exit code 1
    |-- OptionError                 2   an option or argument that is not allowed
    |   `-- ConfigError                 a configuration file: every fault with its line
    |-- SourceError                 3   a video source
    |   |-- SourceOpenError             cannot be opened: missing, not a video, refused, timed out
    |   `-- SourceReadError             opened, then failed while reading
    |-- DatasetError                3   a list of labelled clips that cannot be read or used
    |-- FrameError                  3   one frame that is not a picture (wrong shape, dtype, NaN)
    |-- ModelError                  4   a model
    |   |-- UnknownModelError           no such name; the nearest names are in the message
    |   |-- WeightsError                weights that are corrupt, or of another architecture
    |   |-- LabelsError                 labels that do not fit the number of classes
    |   |-- DownloadError               a file that cannot be fetched; says where to put it by hand
    |   |-- RuntimeMissingError         the runtime or extra package is not installed
    |   |-- TrainingError               learning broke down; says what to change
    |   |-- StateError                  a stream state of the wrong names, shapes or dtypes
    |   `-- ParityError                 an export that does not compute what the model computes
    `-- SinkError                   5   an output
        |-- EndpointError               a ZeroMQ endpoint that is malformed, in use or not allowed
        |-- KeysError                   keys that are missing, malformed or readable by others
        |-- StoreError                  a database that cannot be opened, read or written
        |-- MessageError                bytes that are not a streamrec message
        `-- OutputError                 a file or window that cannot be written or opened

A message says what was got, what is allowed, and what to do.
"""


class StreamrecError(Exception):
    """Base of all streamrec errors. ``exit_code`` is the command line's exit status."""

    exit_code = 1


class OptionError(StreamrecError, ValueError):
    """An option or argument that is not allowed."""

    exit_code = 2


class ConfigError(OptionError):
    """A configuration file has faults; the message names each on a line of its own."""


class SourceError(StreamrecError):
    """A video source failed."""

    exit_code = 3


class SourceOpenError(SourceError):
    """A source cannot be opened."""


class SourceReadError(SourceError):
    """A source was opened and then failed."""


class DatasetError(StreamrecError):
    """A list of labelled clips cannot be read, or not be used."""

    exit_code = 3


class FrameError(StreamrecError, ValueError):
    """A frame is not a picture that a model can take."""

    exit_code = 3


class ModelError(StreamrecError):
    """A model cannot be found, read or run."""

    exit_code = 4


class UnknownModelError(ModelError):
    """No model of that name."""


class WeightsError(ModelError):
    """Weights are corrupt, truncated or belong to another architecture."""


class LabelsError(ModelError):
    """Labels do not fit the model's number of classes."""


class DownloadError(ModelError):
    """A file could not be fetched."""


class RuntimeMissingError(ModelError):
    """A runtime or an optional package is not installed."""


class TrainingError(ModelError):
    """Learning broke down."""


class StateError(ModelError, ValueError):
    """A stream state has the wrong names, shapes or dtypes."""


class ParityError(ModelError):
    """An exported model does not compute what the original computes."""


class SinkError(StreamrecError):
    """An output failed."""

    exit_code = 5


class EndpointError(SinkError):
    """A ZeroMQ endpoint is malformed, in use or not allowed."""


class KeysError(SinkError):
    """Keys are missing, malformed or open to others."""


class StoreError(SinkError):
    """A database cannot be opened, read or written."""


class MessageError(SinkError, ValueError):
    """Bytes are not a streamrec message."""


class OutputError(SinkError):
    """A file or a window cannot be written or opened."""
