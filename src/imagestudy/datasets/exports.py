"""Prepared pictures and predictions written in layouts that others read."""

import csv
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from imagestudy.data import SPLITS, open_dataset
from imagestudy.errors import StudyError
from imagestudy.results import read_summary
from imagestudy.stored import read_stored


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


def export_submission(prepared: Path, summary: Path, predictions: list[Path], target: Path) -> None:
    """Write an experiment's predictions for the unlabelled pictures as the challenge wants them.

    A line is `test_0.JPEG n01443537`. `summary` is its result file, and `predictions` are its
    runs' predictions.npz; the run with the best score on the selection split is taken. Its array
    `unlabelled` holds a class number for each unlabelled picture of the data set `prepared`; where
    no run ended with a network, the file has no lines.
    """
    dataset = open_dataset(prepared)
    sources = dataset.sources("unlabelled")
    scores = [run["score"] for run in read_summary(summary)["runs"]]
    best = max(range(len(scores)), key=lambda run: -1.0 if scores[run] is None else scores[run])
    found = read_stored(predictions[best])
    labels, network_found = found.unlabelled, len(found.labels) > 0
    if network_found and len(sources) != len(labels):
        raise StudyError(
            f"{predictions[best]} holds {len(labels)} predictions for unlabelled pictures; "
            f"{prepared} has {len(sources)} such pictures, so as many are needed"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    known = sources if network_found else []
    target.write_text(submission(known, dataset.classes, labels))


def submission(sources: Sequence[str], classes: Sequence[str], labels: Sequence[int]) -> str:
    """Lines of file name and predicted class; `sources` are names in the archive."""
    names = (PurePosixPath(source).name for source in sources)
    return "".join(f"{name} {classes[label]}\n" for name, label in zip(names, labels, strict=True))
