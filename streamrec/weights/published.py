"""Where models can be fetched: one mapping of frozen records.

The publisher states no checksums, so none is pinned; the store records them at first use.
Addresses from the TensorFlow Model Garden's MoViNet page and tutorial.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

_FOLDER = "https://storage.googleapis.com/tf_model_garden/vision/movinet"
_KINETICS_600_LABELS = (
    "https://raw.githubusercontent.com/tensorflow/models/"
    "f8af2291cced43fc9f1d9b41ddbf772ae7b0d7d2/official/projects/movinet/files/"
    "kinetics_600_labels.txt"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A model on the web.

    Attributes:
        architecture: the registered architecture's name.
        url: the weights.
        labels_url: class names in logit order, one a line; None: the weights hold them.
        sha256, labels_sha256: of the files where the publisher states them, in hexadecimal.
    """

    architecture: str
    url: str
    labels_url: str | None = None
    sha256: str | None = None
    labels_sha256: str | None = None


PUBLISHED: Mapping[str, Published] = MappingProxyType(
    {
        f"movinet-{size}-{family}": Published(
            architecture=f"movinet-{size}-{family}",
            url=f"{_FOLDER}/movinet_{size}_{family}.tar.gz",
            labels_url=_KINETICS_600_LABELS,
        )
        for size in ("a0", "a1", "a2", "a3", "a4", "a5")
        for family in ("base", "stream")
    }
)
