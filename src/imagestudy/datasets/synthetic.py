"""Generated archives in the official formats of Tiny ImageNet and CIFAR-10, for the demo.

A class is a shape filled with a texture (a "striped star"); both archives draw on the same
shapes and textures in other pairs, so that what is learned on one helps on the other. Pictures
are drawn by `imagestudy.datasets.scenes`.
"""

import gzip
import io
import pickle
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from imagestudy.datasets.patterns import SHAPES, TEXTURES
from imagestudy.datasets.scenes import draw
from imagestudy.errors import StudyError

CIFAR_CLASSES = 10
# What is left of the pairs of a shape and a texture.
MOST_CLASSES = len(SHAPES) * len(TEXTURES) - CIFAR_CLASSES
MISLABELLED = 0.04
GREY = 0.05
EPOCH = (2000, 1, 1, 0, 0, 0)


def generate(settings: dict[str, Any], target: Path) -> None:
    """Write the archive that `settings` describe.

    They hold `format` (tiny_imagenet or cifar10), `classes`, `train`, `test` and `unlabelled`
    (pictures per class) and `seed`. CIFAR-10 always has ten classes and nothing unlabelled.
    """
    kind, seed = settings["format"], settings["seed"]
    train, test = settings["train"], settings["test"]
    if kind == "tiny_imagenet":
        unlabelled = settings["unlabelled"]
        write_tiny_imagenet(target, settings["classes"], train, test, unlabelled, seed)
    elif kind == "cifar10":
        write_cifar10(target, train, test, seed)
    else:
        raise StudyError(
            f"generated data in the format '{kind}'; it must be tiny_imagenet or cifar10"
        )


def pairs() -> list[tuple[int, int]]:
    """All pairs (shape, texture), ordered so that few classes share shapes and textures.

    Ten neighbours are five shapes and five textures, each twice: neither alone tells the class.
    """
    few = 5
    first = [(row, (row + step) % few) for step in range(few) for row in range(few)]
    rest = [
        (shape, (shape + step) % len(TEXTURES))
        for step in range(len(TEXTURES))
        for shape in range(len(SHAPES))
    ]
    return first + [pair for pair in rest if pair not in first]


def write_tiny_imagenet(
    path: Path, classes: int, train: int, val: int, test: int, seed: int
) -> None:
    """Write a zip like tiny-imagenet-200.zip; `train`, `val`, `test` are pictures per class."""
    if not 2 <= classes <= MOST_CLASSES:
        raise StudyError(f"{classes} generated classes; there can be 2 to {MOST_CLASSES}")
    chosen = pairs()[CIFAR_CLASSES:][:classes]
    generator = np.random.default_rng([seed, 200])
    wnids = [f"n{number + 1:08d}" for number in range(classes)]
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.part")
    with zipfile.ZipFile(partial, "w") as archive:
        add = _Adder(archive)
        add("wnids.txt", "".join(f"{wnid}\n" for wnid in wnids))
        titles = (f"{TEXTURES[texture]} {SHAPES[shape]}" for shape, texture in chosen)
        words = zip(wnids, titles, strict=True)
        add("words.txt", "".join(f"{wnid}\t{title}\n" for wnid, title in words))
        for number, wnid in enumerate(wnids):
            labels = np.full(train, number)
            images, boxes = _pictures(labels, chosen, 64, generator)
            names = [f"{wnid}_{row}.JPEG" for row in range(train)]
            lines = "".join(_line(name, box) for name, box in zip(names, boxes, strict=True))
            add(f"train/{wnid}/{wnid}_boxes.txt", lines)
            add.pictures(f"train/{wnid}/images", names, images, generator)
        labels = generator.permutation(np.repeat(np.arange(classes), val))
        images, boxes = _pictures(labels, chosen, 64, generator)
        names = [f"val_{row}.JPEG" for row in range(len(labels))]
        lines = [
            _line(f"{name}\t{wnids[label]}", box)
            for name, label, box in zip(names, labels, boxes, strict=True)
        ]
        add("val/val_annotations.txt", "".join(lines))
        add.pictures("val/images", names, images, generator)
        labels = generator.integers(0, classes, classes * test)
        images, _ = _pictures(labels, chosen, 64, generator)
        names = [f"test_{row}.JPEG" for row in range(len(labels))]
        add.pictures("test/images", names, images, generator)
    partial.replace(path)


def write_cifar10(path: Path, train: int, test: int, seed: int) -> None:
    """Write an archive like cifar-10-python.tar.gz; `train`, `test` are pictures per class."""
    chosen = pairs()[:CIFAR_CLASSES]
    generator = np.random.default_rng([seed, 10])
    names = [f"{TEXTURES[texture]} {SHAPES[shape]}".encode() for shape, texture in chosen]
    files = {}
    labels = generator.permutation(np.repeat(np.arange(CIFAR_CLASSES), train))
    for number, part in enumerate(np.array_split(labels, 5), 1):
        title = f"training batch {number} of 5"
        files[f"data_batch_{number}"] = _batch(part, chosen, names, title, generator)
    labels = generator.permutation(np.repeat(np.arange(CIFAR_CLASSES), test))
    files["test_batch"] = _batch(labels, chosen, names, "testing batch 1 of 1", generator)
    meta = {b"label_names": names, b"num_cases_per_batch": 2 * train, b"num_vis": 3072}
    files["batches.meta"] = pickle.dumps(meta, protocol=2)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.part")
    with (
        partial.open("wb") as raw,
        gzip.GzipFile("", "wb", 1, raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for name, data in files.items():
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    partial.replace(path)


class _Adder:
    """Adds files to the zip, with one fixed time and uncompressed, as JPEGs hardly shrink."""

    def __init__(self, archive: zipfile.ZipFile):
        self._archive = archive

    def __call__(self, name: str, data: str | bytes) -> None:
        self._archive.writestr(zipfile.ZipInfo(f"tiny-imagenet-200/{name}", EPOCH), data)

    def pictures(
        self, folder: str, names: list[str], images: np.ndarray, generator: np.random.Generator
    ) -> None:
        grey = generator.random(len(images)) < GREY
        for name, image, is_grey in zip(names, images, grey, strict=True):
            buffer = io.BytesIO()
            picture = Image.fromarray(image)
            picture = picture.convert("L") if is_grey else picture
            picture.save(buffer, "JPEG", quality=90)
            self(f"{folder}/{name}", buffer.getvalue())


def _pictures(
    labels: np.ndarray, chosen: list[tuple[int, int]], size: int, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Pictures of the classes `labels` and their boxes; a share shows another class.

    ASSUME: such mistakes are in every real archive; they keep the demo's best accuracy below .98.
    """
    shown = labels.copy()
    wrong = generator.permutation(len(labels))[: round(MISLABELLED * len(labels))]
    shown[wrong] += generator.integers(1, len(chosen), len(wrong))
    shapes, textures = np.array(chosen)[shown % len(chosen)].T
    return draw(shapes, textures, size, generator)


def _batch(
    labels: np.ndarray,
    chosen: list[tuple[int, int]],
    names: list[bytes],
    title: str,
    generator: np.random.Generator,
) -> bytes:
    images, _ = _pictures(labels, chosen, 32, generator)
    numbers = generator.permutation(len(labels))
    files = (
        names[label].replace(b" ", b"_") + b"_s_%06d.png" % number
        for label, number in zip(labels, numbers, strict=True)
    )
    batch = {
        b"batch_label": title.encode(),
        b"labels": labels.tolist(),
        b"data": np.ascontiguousarray(images.transpose(0, 3, 1, 2)).reshape(len(images), -1),
        b"filenames": list(files),
    }
    return pickle.dumps(batch, protocol=2)


def _line(start: str, box: np.ndarray) -> str:
    return f"{start}\t" + "\t".join(str(corner) for corner in box) + "\n"
