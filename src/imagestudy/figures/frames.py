"""The tables that figures are made of, read from the files of the results."""

from collections.abc import Iterable
from pathlib import Path
from string import ascii_uppercase
from typing import Any

import numpy as np
import pandas as pd

from imagestudy.figures.data import choose, scaled_boxes
from imagestudy.figures.pictures import Shown
from imagestudy.races import races
from imagestudy.results import read_record
from imagestudy.search.ledger import read_ledger

PICTURES = 20
SPLITS = ("train", "selection", "test")


def histories(experiment: dict[str, Any]) -> pd.DataFrame:
    """The histories of an experiment's runs, of its result file, with a column `seed`."""
    frames = [
        pd.DataFrame(run["history"], dtype=float).assign(seed=run["seed"])
        for run in experiment["runs"]
    ]
    return pd.concat(frames, ignore_index=True)


def ledgers(paths: Iterable[str], searches: dict[str, dict[str, Any]]) -> dict[str, pd.DataFrame]:
    """The ledger of each search, in the order of the config."""
    found = {Path(path).parent.name: path for path in paths}
    return {name: read_ledger(Path(found[name])) for name in searches}


def trials(
    ledgers: dict[str, pd.DataFrame],
    searches: dict[str, dict[str, Any]],
    datasets: dict[str, dict[str, Any]],
) -> pd.DataFrame:
    """All ledgers, one after another, with each search's `title` and its data set's."""
    frames = [
        ledger.assign(
            title=searches[name]["title"], dataset=datasets[searches[name]["dataset"]]["title"]
        )
        for name, ledger in ledgers.items()
    ]
    return pd.concat(frames, ignore_index=True)


def leads(
    ledgers: dict[str, pd.DataFrame],
    searches: dict[str, dict[str, Any]],
    datasets: dict[str, dict[str, Any]],
) -> pd.DataFrame:
    """Where AutoKeras and by hand change the lead: `dataset` (title), `device_seconds`, `score`."""
    rows = [
        {"dataset": datasets[race.dataset]["title"], **change}
        for race in races(ledgers, searches)
        for change in race.changes
    ]
    return pd.DataFrame(rows, columns=["dataset", "device_seconds", "score"])


def errors(
    examined: dict[str, Any] | None, folder: Path, experiments: dict[str, dict[str, Any]]
) -> list[Shown]:
    """The pictures that all networks miss, and those that only one gets, of a data set.

    `examined` is what was found on the data set; None, and nothing to show, without networks.
    """
    if examined is None:
        return []
    data = read_record(folder / "dataset.json")
    images = np.load(folder / "test_images.npy", mmap_mode="r")
    titles = [each["title"] for each in data["classes"]]

    def shown(
        heading: str, rows: list[dict[str, Any]], below: list[str], named: list[str]
    ) -> Shown:
        above = [titles[each["label"]] for each in rows]
        pictures = images[[each["row"] for each in rows]]
        return Shown(heading, pictures, list(zip(above, below, strict=True)), named)

    missed, alone = examined["missed"], examined["alone"]
    right = [each["experiment"] for each in alone]
    # Titles are longer than a picture is wide.
    letters = dict(zip(filter(right.__contains__, experiments), ascii_uppercase, strict=False))
    named = [f"{letter}: {experiments[name]['title']}" for name, letter in letters.items()]
    answers = [titles[each["answer"]] for each in missed]
    bands = [
        shown("All miss; below: what they say together", missed, answers, []),
        shown("Only one gets; below: which", alone, [letters[name] for name in right], named),
    ]
    return [band for band in bands if band.lines]


def by_class(
    examined: dict[str, Any], dataset: str, experiments: dict[str, dict[str, Any]]
) -> tuple[pd.DataFrame, np.ndarray]:
    """The accuracy on each class (rows) of every experiment (columns), and the confusion matrix.

    Accuracies are means over seeds, by title; the matrix is of the best experiment. Both are empty
    where no run on the data set ended in a network.
    """
    found = examined["datasets"].get(dataset)
    if found is None:
        return pd.DataFrame(), np.zeros((0, 0))
    table = {
        experiments[name]["title"]: np.mean(
            [np.array(seed["per_class"], float) for seed in examined["networks"][name].values()],
            axis=0,
        )
        for name in found["experiments"]
    }
    return pd.DataFrame(table), np.array(found["confusion"]["matrix"])


def reliability(
    examined: dict[str, Any],
    datasets: dict[str, dict[str, Any]],
    experiments: dict[str, dict[str, Any]],
) -> pd.DataFrame:
    """The bins of every experiment's first seed, with its title and its data set's."""
    rows = [
        {"dataset": datasets[dataset]["title"], "title": experiments[name]["title"], **each}
        for dataset, found in examined["datasets"].items()
        for name in found["experiments"]
        for each in next(iter(examined["networks"][name].values()))["reliability"]
    ]
    return pd.DataFrame(rows, columns=["dataset", "title", "confidence", "accuracy", "pictures"])


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


def shown_rows(folder: Path, examined: dict[str, Any] | None) -> dict[str, np.ndarray]:
    """The rows of each split's pictures that a figure shows, of the prepared data in `folder`.

    `examined` is what was found on the data set. A bundle holds these pictures and no others.
    """
    missed = [*examined["missed"], *examined["alone"]] if examined else []
    return {
        "train": sample_rows(folder),
        "test": np.unique(np.array([each["row"] for each in missed], int)),
    }


def sample_rows(folder: Path) -> np.ndarray:
    """The rows of the training pictures that are shown as samples."""
    classes = len(read_record(folder / "dataset.json")["classes"])
    return choose(np.load(folder / "train_labels.npy"), classes, PICTURES)


def samples(folder: Path) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Training pictures of different classes, their boxes, and the classes' titles."""
    data = read_record(folder / "dataset.json")
    labels, chosen = np.load(folder / "train_labels.npy"), sample_rows(folder)
    images = np.load(folder / "train_images.npy", mmap_mode="r")[chosen]
    boxes = np.load(folder / "boxes.npz")["train"][chosen]
    titles = [data["classes"][number]["title"] for number in labels[chosen]]
    if data["source_size"] is None:
        # Pictures of several sizes: their boxes cannot be scaled, and none has any.
        return images, boxes, titles
    return images, scaled_boxes(boxes, data["source_size"], data["image_size"]), titles
