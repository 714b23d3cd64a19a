"""Prepared pictures and predictions written in layouts that others read."""

import csv
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from imagestudy.data import SPLITS, open_dataset
from imagestudy.errors import StudyError


def export_csv(prepared: Path, target: Path) -> None:
    """Write a prepared data set as one folder of PNGs and `labels.csv` (file, label, split).

    The reader `csv` gives the same pixels, labels and splits again.
    """
    dataset = open_dataset(prepared)
    (target / "images").mkdir(parents=True, exist_ok=True)
    with (target / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["file", "label", "split"])
        for name in SPLITS:
            split = dataset.split(name)
            for row, (image, label) in enumerate(zip(split.images, split.labels, strict=True)):
                path = f"images/{name}_{row:06d}.png"
                Image.fromarray(np.asarray(image)).save(target / path, compress_level=1)
                writer.writerow([path, dataset.classes[label], name])


def export_submission(
    sources: Sequence[str], classes: Sequence[str], labels: np.ndarray, target: Path
) -> None:
    """Write predictions as the Tiny ImageNet challenge wants them: `test_0.JPEG n01443537`.

    `labels` holds a class number for each of `sources`, the pictures' names in the archive.
    """
    if len(sources) != len(labels):
        raise StudyError(f"{target}: {len(labels)} predictions for {len(sources)} pictures")
    target.parent.mkdir(parents=True, exist_ok=True)
    names = (PurePosixPath(source).name for source in sources)
    lines = (f"{name} {classes[label]}\n" for name, label in zip(names, labels, strict=True))
    target.write_text("".join(lines))
