"""What a reader finds in an archive, before any picture is decoded."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from imagestudy.datasets.archives import Place
from imagestudy.errors import StudyError

LABELLED = ("train", "selection", "test")


@dataclass(frozen=True)
class Entries:
    """The pictures of one split, in file order.

    `sources` are names inside the archive, `labels` int32 class numbers (-1 where unlabelled),
    `boxes` int16 (N, 4) x0 y0 x1 y1 in source pixels, -1 where there is none. `pixels` (uint8,
    N x H x W x 3) is there only where the archive holds pixels and not encoded files.
    """

    sources: list[str]
    labels: np.ndarray
    boxes: np.ndarray
    pixels: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.sources)


@dataclass(frozen=True)
class Listing:
    """An archive's classes (name, title) and splits; `place` is where encoded files are read."""

    classes: list[tuple[str, str]]
    splits: dict[str, Entries]
    place: Place | None = None
    notes: list[str] = field(default_factory=list)


def entries(
    sources: list[str], labels: Iterable[int], boxes: dict[str, tuple[int, ...]] | None = None
) -> Entries:
    """Entries of encoded files, with the boxes (by source) that are known."""
    table = np.full((len(sources), 4), -1, np.int16)
    for row, source in enumerate(sources):
        if boxes and source in boxes:
            table[row] = boxes[source]
    return Entries(sources, np.asarray(labels, np.int32), table)


def natural(name: str) -> list[tuple[int, int, str, str]]:
    """Sorting key under which `test_10` comes after `test_9`."""
    parts = re.findall(r"(\d+)|(\D+)", name)
    return [_number(digits) if digits else (1, 0, text, text) for digits, text in parts]


def _number(digits: str) -> tuple[int, int, str, str]:
    """Digits in the order of their numbers; Python refuses to turn thousands of them into one."""
    short = digits.lstrip("0")
    return 0, len(short), short, digits


def require_every_class(listing: Listing, path: Path) -> None:
    """Refuse a listing in which a class has no picture in a labelled split."""
    if len(listing.classes) < 2:
        found = f"only the class '{listing.classes[0][0]}'" if listing.classes else "no class"
        raise StudyError(f"{path}: {found} was found; there must be at least two")
    for split in LABELLED:
        if split not in listing.splits:
            continue
        counts = np.bincount(listing.splits[split].labels, minlength=len(listing.classes))
        for (name, _), count in zip(listing.classes, counts, strict=True):
            if not count:
                raise StudyError(
                    f"{path}: class '{name}' has no picture in the {split} part; "
                    "every class needs at least one there"
                )


def stratified_cut(
    labels: np.ndarray, fraction: float, seed: int, where: str
) -> tuple[np.ndarray, np.ndarray]:
    """Rows of a seeded shuffle of `labels`, cut per class: (the fraction, the rest).

    At least one picture of each class must fall on both sides.
    """
    order = np.random.default_rng(seed).permutation(len(labels))
    rank = ranks(labels[order])
    counts = np.bincount(labels)
    wanted = np.floor(fraction * counts + 0.5).astype(int)
    for count, take in zip(counts, wanted, strict=True):
        if count and not 0 < take < count:
            raise StudyError(
                f"{where}: a class of {count} pictures would give {take} of them; each class must "
                f"give at least 1 and keep at least 1, so more pictures per class are needed"
            )
    chosen = rank < wanted[labels[order]]
    return order[chosen], order[~chosen]


def ranks(labels: np.ndarray) -> np.ndarray:
    """For each row, how many rows before it have the same label."""
    order = np.argsort(labels, kind="stable")
    ordered = labels[order]
    starts = np.searchsorted(ordered, ordered)
    result = np.empty(len(labels), int)
    result[order] = np.arange(len(labels)) - starts
    return result
