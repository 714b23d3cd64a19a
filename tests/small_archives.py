"""Tiny archives in the real formats, and the settings that prepare them."""

import io
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from imagestudy.datasets.synthetic import write_cifar10, write_tiny_imagenet

CODE = {"digest": "0", "modules": {}}


def settings(**changes: Any) -> dict[str, Any]:
    return {
        "name": "small",
        "format": "tiny_imagenet",
        "source": "generated",
        "image_size": 32,
        "resize_filter": "box",
        "selection_fraction": 0.25,
        "train_pictures_per_class": None,
        "test_pictures_per_class": None,
        "seed": 1,
    } | changes


def tiny_imagenet_zip(folder: Path) -> Path:
    path = folder / "tiny-imagenet-200.zip"
    write_tiny_imagenet(path, classes=3, train=8, val=4, test=2, seed=7)
    return path


def tiny_imagenet_folder(folder: Path) -> Path:
    with zipfile.ZipFile(tiny_imagenet_zip(folder)) as archive:
        archive.extractall(folder)
    return folder / "tiny-imagenet-200"


def cifar10_archive(folder: Path) -> Path:
    path = folder / "cifar-10-python.tar.gz"
    write_cifar10(path, train=8, test=2, seed=7)
    return path


def cifar10_folder(folder: Path) -> Path:
    shutil.unpack_archive(cifar10_archive(folder), folder, filter="data")
    return folder / "cifar-10-batches-py"


def save_picture(path: Path, number: int, mode: str = "RGB", size: tuple[int, int] = (40, 40)):
    generator = np.random.default_rng(number)
    pixels = generator.integers(0, 256, (size[1], size[0], 3), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).convert(mode).save(path)


def class_folder(folder: Path, parts: dict[str, int]) -> Path:
    """`parts` gives the number of pictures by path below `folder`, such as `train/cat`."""
    number = 0
    for part, count in parts.items():
        for row in range(count):
            save_picture(folder / part / f"{row}.png", number)
            number += 1
    return folder


def zip_of(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def rewritten_zip(source: Path, target: Path, changes: dict[str, bytes | None]) -> Path:
    """A copy of the zip with some files' bytes replaced, or left out where None."""
    with zipfile.ZipFile(source) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files |= changes
    return zip_of(target, {name: data for name, data in files.items() if data is not None})


def jpeg(mode: str = "RGB", size: tuple[int, int] = (64, 64)) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size).save(buffer, "JPEG")
    return buffer.getvalue()
