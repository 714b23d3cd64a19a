"""Where raw data and published weights come from: official names, addresses and checksums."""

from dataclasses import dataclass
from pathlib import Path

from imagestudy.errors import StudyError
from imagestudy.files import is_there


@dataclass(frozen=True)
class Official:
    """A published file of `size` bytes; `folder` is what its archive extracts to, if it is one."""

    file: str
    folder: str | None
    url: str
    md5: str
    size: int


IMAGENET = "imagenet"
SCRATCH = "scratch"
STUDY = "study"

ARCHIVES = {
    "tiny_imagenet": Official(
        "tiny-imagenet-200.zip",
        "tiny-imagenet-200",
        "http://cs231n.stanford.edu/tiny-imagenet-200.zip",
        "90528d7ca1a48142e341f4ef8d21d0de",
        248_100_043,
    ),
    "cifar10": Official(
        "cifar-10-python.tar.gz",
        "cifar-10-batches-py",
        "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
        "c58f30108f718f92721af3b95e74349a",
        170_498_071,
    ),
}
IMAGENET_WEIGHTS = Official(
    "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
    None,
    "https://storage.googleapis.com/tensorflow/keras-applications/vgg16/"
    "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
    "6d6bbae143d832006294945121d1f1fc",
    58_889_256,
)


def in_data_root(official: Official, data_root: Path) -> Path:
    """The file or extracted folder of `official` under `data_root`; the file is preferred."""
    names = [name for name in (official.file, official.folder) if name]
    for name in names:
        if is_there(data_root / name):
            return data_root / name
    raise StudyError(
        f"config.yaml: data_root is {data_root}, which has no {' and no '.join(names)}; put it "
        "there, or leave data_root out to have it downloaded"
    )
