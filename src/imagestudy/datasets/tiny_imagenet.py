"""Tiny ImageNet: the official zip, or the folder that it unpacks to.

Source: Stanford CS231n; 200 classes, 500 training and 50 validation pictures of 64x64 each.
"""

from pathlib import Path
from typing import Any

import numpy as np

from imagestudy.datasets.archives import Place, open_place, require_printable
from imagestudy.datasets.listing import Entries, Listing, entries, natural, require_every_class
from imagestudy.errors import StudyError
from imagestudy.files import require_md5
from imagestudy.sources import ARCHIVES

OFFICIAL = {"classes": 200, "train": 500, "val": 10_000}
ANNOTATIONS = "val/val_annotations.txt"


def read(path: Path, settings: dict[str, Any]) -> Listing:
    """List the archive; the official validation set becomes `test`, its test set `unlabelled`."""
    official = settings["source"] == "official"
    if official and path.is_file():
        require_md5(path, ARCHIVES["tiny_imagenet"].md5)
    place = open_place(path).below("wnids.txt")
    names = place.names()
    wnids = place.text("wnids.txt").split()
    for wnid in wnids:
        require_printable(wnid, f"{place.path}: wnids.txt")
    titles = {line.partition("\t")[0]: line for line in place.text("words.txt").splitlines()}
    classes = [(wnid, _title(titles.get(wnid, wnid))) for wnid in wnids]
    for _, title in classes:
        require_printable(title, f"{place.path}: words.txt")
    numbers = {wnid: number for number, wnid in enumerate(wnids)}
    splits = {
        "train": _train(place, names, numbers),
        "test": _validation(place, names, numbers),
        "unlabelled": _unlabelled(names),
    }
    listing = Listing(classes, splits, place)
    require_every_class(listing, path)
    if official:
        _require_official_counts(listing, path)
    return listing


def _train(place: Place, names: list[str], numbers: dict[str, int]) -> Entries:
    sources: dict[str, list[str]] = {wnid: [] for wnid in numbers}
    boxes: dict[str, tuple[int, ...]] = {}
    for name in names:
        parts = name.split("/")
        if parts[0] != "train" or len(parts) < 3:
            continue
        wnid = parts[1]
        if wnid not in numbers:
            raise StudyError(
                f"{place.path}: train/{wnid} is a class that wnids.txt does not name; "
                f"it must be one of its {len(numbers)}"
            )
        if parts[2] == "images" and len(parts) == 4:
            sources[wnid].append(name)
        elif parts[2] == f"{wnid}_boxes.txt":
            for line in place.text(name).splitlines():
                picture, *corners = line.split("\t")
                boxes[f"train/{wnid}/images/{picture}"] = _box(corners, place, name, line)
    ordered = [name for wnid in numbers for name in sorted(sources[wnid], key=natural)]
    labels = [numbers[name.split("/")[1]] for name in ordered]
    return entries(ordered, labels, boxes)


def _validation(place: Place, names: list[str], numbers: dict[str, int]) -> Entries:
    pictures = {name for name in names if name.startswith("val/images/")}
    sources, labels, boxes = [], [], {}
    for line in place.text(ANNOTATIONS).splitlines():
        picture, _, rest = line.partition("\t")
        wnid, *corners = rest.split("\t")
        source = f"val/images/{picture}"
        if wnid not in numbers:
            raise StudyError(
                f"{place.path}: {ANNOTATIONS} gives {picture!r} the class {wnid!r}; "
                f"it must be one of the {len(numbers)} in wnids.txt"
            )
        if source not in pictures:
            raise StudyError(
                f"{place.path}: {ANNOTATIONS} names {picture!r}, which is not in val/images; each "
                "picture that it names must be there"
            )
        sources.append(source)
        labels.append(numbers[wnid])
        boxes[source] = _box(corners, place, ANNOTATIONS, line)
    without = sorted(pictures - set(sources), key=natural)
    if without or len(set(sources)) < len(sources):
        raise StudyError(
            f"{place.path}: {ANNOTATIONS} must name each picture of val/images once; it does not "
            f"for {without[0] if without else 'a picture named twice'}"
        )
    return entries(sources, labels, boxes)


def _unlabelled(names: list[str]) -> Entries:
    sources = sorted((name for name in names if name.startswith("test/images/")), key=natural)
    return entries(sources, np.full(len(sources), -1))


def _title(line: str) -> str:
    """The first of the synonyms that words.txt lists."""
    return line.rpartition("\t")[2].partition(",")[0].strip()


def _box(corners: list[str], place: Place, name: str, line: str) -> tuple[int, ...]:
    try:
        x0, y0, x1, y1 = (int(np.int16(int(corner))) for corner in corners)
    except (ValueError, OverflowError):
        raise StudyError(
            f"{place.path}: {name} has the line {line!r}; it must end in four whole numbers"
        ) from None
    return x0, y0, x1, y1


def _require_official_counts(listing: Listing, path: Path) -> None:
    per_class = np.bincount(listing.splits["train"].labels, minlength=len(listing.classes))
    found = {
        "classes": len(listing.classes),
        "training pictures per class": sorted({int(count) for count in per_class}),
        "validation pictures": len(listing.splits["test"]),
    }
    right = {
        "classes": OFFICIAL["classes"],
        "training pictures per class": [OFFICIAL["train"]],
        "validation pictures": OFFICIAL["val"],
    }
    for what, count in found.items():
        if count != right[what]:
            raise StudyError(
                f"{path}: {what}: {count}; the official data set has {right[what]}. Fetch it "
                "again; a part of it can be read with format folder"
            )
