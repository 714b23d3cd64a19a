"""A folder (or a zip file) of classes: `train/<class>/*.png|jpg|jpeg`, and `test/` or `val/`.

A folder of classes alone is split: a fifth of each class becomes the test part.
"""

from pathlib import Path
from typing import Any

from imagestudy.datasets.archives import open_place
from imagestudy.datasets.listing import (
    Entries,
    Listing,
    entries,
    natural,
    require_every_class,
    stratified_cut,
)
from imagestudy.datasets.pictures import SUFFIXES
from imagestudy.errors import StudyError

TEST_FRACTION = 0.2


def read(path: Path, settings: dict[str, Any]) -> Listing:
    """List the folder; a class is called what its folder is called."""
    place = open_place(path)
    names = place.names()
    pictures = sorted((name for name in names if name.lower().endswith(SUFFIXES)), key=natural)
    if len(pictures) < len(names):
        print(f"{path}: {len(names) - len(pictures)} files are no {', '.join(SUFFIXES)}: left out")
    train = _below("train/", pictures)
    tests = [part for part in ("test/", "val/") if _below(part, pictures)]
    if len(tests) > 1 and train:
        raise StudyError(
            f"{path}: it holds train/, test/ and val/; it must hold train/ and one other, since "
            "the study cuts its own selection part from train/"
        )
    if train and tests:
        parts = {"train": train, "test": _below(tests[0], pictures)}
    else:
        parts = {"train": train or {name: name for name in pictures}}
    classes = sorted({_class(name, path) for name in parts["train"].values()}, key=natural)
    numbers = {name: number for number, name in enumerate(classes)}
    splits = {split: _entries(part, numbers, path) for split, part in parts.items()}
    if "test" not in splits:
        splits = split_test(splits["train"], settings["seed"], path)
    listing = Listing([(name, name) for name in classes], splits, place)
    require_every_class(listing, path)
    return listing


def split_test(whole: Entries, seed: int, path: Path) -> dict[str, Entries]:
    """Cut the test part out of the pictures of a data set that has none of its own."""
    where = f"{path}: there is no test part, so {TEST_FRACTION} of each class is cut off"
    test, train = stratified_cut(whole.labels, TEST_FRACTION, seed, where)
    parts = {"train": sorted(train), "test": sorted(test)}
    return {
        split: entries([whole.sources[row] for row in rows], whole.labels[rows])
        for split, rows in parts.items()
    }


def _below(part: str, pictures: list[str]) -> dict[str, str]:
    """Pictures below the folder `part`, each with its name from there on."""
    return {name: name[len(part) :] for name in pictures if name.startswith(part)}


def _class(name: str, path: Path) -> str:
    first, slash, _ = name.partition("/")
    if not slash:
        raise StudyError(
            f"{path}: {name} is in no class; each picture must lie in its class folder"
        )
    return first


def _entries(part: dict[str, str], numbers: dict[str, int], path: Path) -> Entries:
    labels = []
    for name in part.values():
        label = _class(name, path)
        if label not in numbers:
            raise StudyError(
                f"{path}: class '{label}' has pictures in the test part and none in train/; "
                f"the classes of train/ are {', '.join(numbers)}"
            )
        labels.append(numbers[label])
    return entries(list(part), labels)
