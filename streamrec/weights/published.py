"""Where models can be fetched: one mapping of frozen records.

The publisher states no checksums, so none is pinned; the store records them at first use.
Addresses from the TensorFlow Model Garden's MoViNet page and tutorial.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

_FOLDER = "https://storage.googleapis.com/tf_model_garden/vision/movinet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A model on the web.

    Attributes:
        architecture: the registered architecture's name.
        url: the weights.
        labels: the class names, one of ``streamrec.weights.labels``; None: the weights hold them.
        sha256: of the file where the publisher states it, in hexadecimal.
    """

    architecture: str
    url: str
    labels: str | None = None
    sha256: str | None = None


PUBLISHED: Mapping[str, Published] = MappingProxyType(
    {
        f"movinet-{size}-{family}": Published(
            architecture=f"movinet-{size}-{family}",
            url=f"{_FOLDER}/movinet_{size}_{family}.tar.gz",
            labels="kinetics600",
        )
        for size in ("a0", "a1", "a2", "a3", "a4", "a5")
        for family in ("base", "stream")
    }
)
