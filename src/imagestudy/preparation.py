"""One data set's archive becomes arrays that training can map into memory."""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from imagestudy.data import SCHEMA
from imagestudy.datasets import cifar10, csv_folder, folder, tiny_imagenet
from imagestudy.datasets.listing import LABELLED, Entries, Listing, ranks, stratified_cut
from imagestudy.datasets.measures import colour_statistics, duplicates, split_digest
from imagestudy.datasets.pictures import Decoder
from imagestudy.disks import reserve
from imagestudy.errors import StudyError
from imagestudy.provenance import digest

READERS = {
    "tiny_imagenet": tiny_imagenet.read,
    "cifar10": cifar10.read,
    "folder": folder.read,
    "csv": csv_folder.read,
}
SPLITS = (*LABELLED, "unlabelled")
DESCRIPTION = "dataset.json"
LONGEST_NAME = 1000  # of a picture; file systems allow 255 letters for each folder and file


def prepare(
    source: Path, settings: dict[str, Any], code: dict[str, Any], target: Path, workers: int = 2
) -> None:
    """Write the arrays and `dataset.json` of the archive or folder `source` into `target`.

    `settings` are the data set's, with `name`; `code` is recorded as it is. On an error nothing
    is left in `target` that was not there before.
    """
    start = time.perf_counter()
    if settings["format"] not in READERS:
        raise StudyError(
            f"datasets.{settings['name']}.format is '{settings['format']}'; "
            f"it must be one of {', '.join(READERS)}"
        )
    listing = READERS[settings["format"]](source, settings)
    _require_short_names(listing, source)
    chosen = _choose(listing, settings)
    with _into_place(target) as partial:
        description = _write(listing, chosen, settings, partial, workers)
        description |= {"settings": settings, "code": code}
        description["seconds"] = round(time.perf_counter() - start, 2)
        (partial / DESCRIPTION).write_text(json.dumps(description, indent=1) + "\n")


def _require_short_names(listing: Listing, source: Path) -> None:
    """Refuse a name in whose length all names would be stored."""
    names = (name for entries in listing.splits.values() for name in entries.sources)
    longest = max(names, key=len, default="")
    if len(longest) > LONGEST_NAME:
        raise StudyError(
            f"{source}: the picture {longest[:100]!r}… has a name of {len(longest):,} letters, "
            f"folders counted; at most {LONGEST_NAME:,} are read: rename it"
        )


def _choose(listing: Listing, settings: dict[str, Any]) -> dict[str, tuple[Entries, np.ndarray]]:
    """The entries of each split and the rows of them that it takes, in its order."""
    seed, where = settings["seed"], f"datasets.{settings['name']}"
    found = listing.splits
    chosen = {}
    train = _first_of_each_class(found["train"], settings["train_pictures_per_class"], seed)
    if "selection" in found:
        chosen["train"] = (found["train"], train)
        chosen["selection"] = (found["selection"], np.arange(len(found["selection"])))
    else:
        cut = settings["selection_fraction"]
        where += f".selection_fraction is {cut}"
        selection, rest = stratified_cut(found["train"].labels[train], cut, seed, where)
        chosen["train"] = (found["train"], train[rest])
        chosen["selection"] = (found["train"], train[selection])
    test = _first_of_each_class(found["test"], settings["test_pictures_per_class"], seed)
    chosen["test"] = (found["test"], np.sort(test))
    unlabelled = found.get("unlabelled", found["test"])
    rows = np.arange(len(unlabelled)) if "unlabelled" in found else np.arange(0)
    return chosen | {"unlabelled": (unlabelled, rows)}


def _first_of_each_class(entries: Entries, count: int | None, seed: int) -> np.ndarray:
    """Rows of a seeded shuffle, at most `count` of each class."""
    order = np.random.default_rng(seed).permutation(len(entries))
    return order if count is None else order[ranks(entries.labels[order]) < count]


def _write(
    listing: Listing,
    chosen: dict[str, tuple[Entries, np.ndarray]],
    settings: dict[str, Any],
    folder: Path,
    workers: int,
) -> dict[str, Any]:
    boxes, sources, splits, pictures, sizes = {}, {}, {}, {}, set()
    size = settings["image_size"]
    with Decoder(listing.place, size, settings["resize_filter"], workers) as decoder:
        for split in SPLITS:
            entries, rows = chosen[split]
            sources[split] = [entries.sources[row] for row in rows]
            images, grey, found = _write_images(decoder, entries, rows, size, folder, split)
            sizes |= found
            print(f"{settings['name']}: {split}: {len(rows):,} pictures", flush=True)
            if split not in LABELLED:
                continue
            labels, boxes[split] = entries.labels[rows], entries.boxes[rows]
            np.save(folder / f"{split}_labels.npy", labels)
            pictures[split] = (images, sources[split])
            splits[split] = {
                "pictures": len(rows),
                "per_class": np.bincount(labels, minlength=len(listing.classes)).tolist(),
                "grey": grey,
                "digest": split_digest(images, labels),
            }
    np.savez(folder / "boxes.npz", **boxes)
    np.savez(folder / "sources.npz", **{s: np.asarray(n, np.str_) for s, n in sources.items()})
    classes = [{"name": name, "title": title} for name, title in listing.classes]
    return {
        "schema": SCHEMA,
        **{key: settings[key] for key in ("name", "format", "source", "image_size")},
        "source_size": list(sizes.pop()) if len(sizes) == 1 else None,
        "resize_filter": settings["resize_filter"],
        "classes": classes,
        "splits": splits,
        "unlabelled": len(sources["unlabelled"]),
        **colour_statistics(pictures["train"][0]),
        "duplicates": duplicates(pictures),
        "digest": digest([[s, split["digest"]] for s, split in splits.items()] + classes),
    }


def _write_images(
    decoder: Decoder, entries: Entries, rows: np.ndarray, size: int, folder: Path, split: str
) -> tuple[np.ndarray, int, set[tuple[int, int]]]:
    """Write one split's array; return it, how many are grey, and the sizes in the source."""
    path, shape = folder / f"{split}_images.npy", (len(rows), size, size, 3)
    if not len(rows):
        # An empty file cannot be mapped into memory.
        np.save(path, np.empty(shape, np.uint8))
        return np.load(path), 0, set()
    images = np.lib.format.open_memmap(path, "w+", np.uint8, shape)
    reserve(path)
    # Files are read in their order, which is faster, and written where the split wants them.
    order = np.argsort(rows)
    end, grey, sizes = 0, 0, set()
    for block in decoder.blocks(entries, rows[order]):
        start, end = end, end + len(block.images)
        images[order[start:end]] = block.images
        grey += int(block.grey.sum())
        sizes |= block.sizes
    images.flush()
    return images, grey, sizes


@contextmanager
def _into_place(target: Path) -> Iterator[Path]:
    """A folder beside `target` whose files move there when all are written, the description last.

    What a killed preparation left there is removed first.
    """
    partial = target.with_name(f".{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        target.mkdir(exist_ok=True)
        (target / DESCRIPTION).unlink(missing_ok=True)
        for file in sorted(partial.iterdir(), key=lambda file: file.name == DESCRIPTION):
            file.replace(target / file.name)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
