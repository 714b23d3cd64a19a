"""The tables that figures are made of, read from the files of the results."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from imagestudy.figures.data import choose, scaled_boxes
from imagestudy.results import read_json

PICTURES = 20
SPLITS = ("train", "selection", "test")


def histories(paths: Iterable[str]) -> pd.DataFrame:
    """The histories of an experiment's runs with a column `seed`, from `seed-<n>/history.csv`."""
    frames = [
        pd.read_csv(path).assign(seed=int(Path(path).parent.name.removeprefix("seed-")))
        for path in paths
    ]
    return pd.concat(frames, ignore_index=True)


def trials(paths: Iterable[str], searches: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """All ledgers, one after another, with each search's `title`."""
    found = {Path(path).parent.name: path for path in paths}
    frames = [
        pd.read_csv(found[name]).assign(title=search["title"]) for name, search in searches.items()
    ]
    return pd.concat(frames, ignore_index=True)


def counts(datasets: Iterable[dict[str, Any]], blocks: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """A row for each class and split of each `dataset.json`; titles are those of `blocks`."""
    rows = [
        {
            "dataset": blocks[data["name"]]["title"],
            "class": data["classes"][number]["title"],
            "split": split,
            "pictures": pictures,
        }
        for data in datasets
        for split in SPLITS
        for number, pictures in enumerate(data["splits"][split]["per_class"])
    ]
    return pd.DataFrame(rows)


def shown_rows(folder: Path) -> dict[str, np.ndarray]:
    """The rows of each split's pictures that a figure shows, of the prepared data in `folder`.

    A bundle holds the pictures of these rows and no others.
    """
    classes = len(read_json(folder / "dataset.json")["classes"])
    return {"train": choose(np.load(folder / "train_labels.npy"), classes, PICTURES)}


def samples(folder: Path) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Training pictures of different classes, their boxes, and the classes' titles."""
    data = read_json(folder / "dataset.json")
    labels, chosen = np.load(folder / "train_labels.npy"), shown_rows(folder)["train"]
    images = np.load(folder / "train_images.npy", mmap_mode="r")[chosen]
    boxes = np.load(folder / "boxes.npz")["train"][chosen]
    titles = [data["classes"][number]["title"] for number in labels[chosen]]
    if data["source_size"] is None:
        # Pictures of several sizes: their boxes cannot be scaled, and none has any.
        return images, boxes, titles
    return images, scaled_boxes(boxes, data["source_size"], data["image_size"]), titles
