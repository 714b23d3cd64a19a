"""Encoded pictures become pixels of one size, on as many cores as the job has."""

import io
import itertools
import multiprocessing
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from imagestudy.datasets.archives import Place
from imagestudy.datasets.listing import Entries
from imagestudy.errors import StudyError

FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
SUFFIXES = (".png", ".jpg", ".jpeg")
LARGEST_PICTURE = 50_000_000  # pixels
MOST_SCANS = 100
BLOCK = 256
# Starting processes takes longer than decoding so many small pictures.
FEW = 2000


@dataclass(frozen=True)
class Block:
    """Pixels (uint8, N x size x size x 3), which pictures are grey, and sizes in the source."""

    images: np.ndarray
    grey: np.ndarray
    sizes: set[tuple[int, int]]


class Decoder:
    """Decodes and resizes pictures with `workers` processes; a context manager."""

    def __init__(self, place: Place | None, size: int, resize_filter: str, workers: int):
        if resize_filter not in FILTERS:
            raise StudyError(
                f"resize_filter is '{resize_filter}'; it must be one of {', '.join(FILTERS)}"
            )
        self._place, self._size, self._filter = place, size, FILTERS[resize_filter]
        self._workers = workers
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> "Decoder":
        return self

    def __exit__(self, *_: Any) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def blocks(self, entries: Entries, rows: np.ndarray) -> Iterator[Block]:
        """The pictures at `rows` of `entries`, in that order, in blocks."""
        parts = [rows[start : start + BLOCK] for start in range(0, len(rows), BLOCK)]
        if entries.pixels is not None:
            return (self._resized(entries.pixels[part]) for part in parts)
        tasks = ([entries.sources[row] for row in part] for part in parts)
        arguments = (itertools.repeat(self._size), itertools.repeat(self._filter))
        if self._workers == 1 or (len(rows) <= FEW and not self._pool):
            return map(_block, itertools.repeat(self._place), tasks, *arguments)
        if not self._pool:
            place = (type(self._place), self._place.path, self._place.prefix)
            self._pool = ProcessPoolExecutor(self._workers, None, _open, place)
        return self._pool.map(_block, itertools.repeat(None), tasks, *arguments)

    def _resized(self, pixels: np.ndarray) -> Block:
        size = (pixels.shape[2], pixels.shape[1])
        grey = (pixels == pixels[..., :1]).all(axis=(1, 2, 3))
        if size != (self._size, self._size):
            pictures = [Image.fromarray(np.ascontiguousarray(picture)) for picture in pixels]
            pixels = np.stack([np.asarray(_fit(p, self._size, self._filter)) for p in pictures])
        return Block(pixels, grey, {size})


_opened: Place | None = None


def _open(kind: type[Place], path: Path, prefix: str) -> None:
    """In a worker: an open zip file cannot be shared between processes."""
    global _opened
    _opened = kind(path, prefix)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A worker whose parent was killed would wait for its next task for ever."""
    multiprocessing.parent_process().join()
    os._exit(1)


def _block(place: Place | None, names: list[str], size: int, resize_filter: int) -> Block:
    place = place or _opened
    images = np.empty((len(names), size, size, 3), np.uint8)
    grey = np.empty(len(names), bool)
    sizes = set()
    for row, name in enumerate(names):
        picture = decode(place.read(name), f"{place.path}: {name}")
        sizes.add(picture.size)
        grey[row] = picture.mode == "L"
        images[row] = np.asarray(_fit(picture, size, resize_filter).convert("RGB"))
    return Block(images, grey, sizes)


def decode(data: bytes, where: str) -> Image.Image:
    """A JPEG or PNG file's picture, of mode RGB or L (grey), loaded whole."""
    try:
        picture = Image.open(io.BytesIO(data), formats=("JPEG", "PNG"))
        # In a JPEG's data this marker stands for nothing else; a usual one has ten at most. Pillow
        # takes one for an MPO file where it names further pictures.
        if picture.format != "PNG" and data.count(b"\xff\xda") > MOST_SCANS:
            raise StudyError(
                f"{where} has more than {MOST_SCANS} scans, each of which takes as long as a "
                "picture; save it anew"
            )
        width, height = picture.size
        if width * height > LARGEST_PICTURE:
            raise StudyError(
                f"{where} has {width}x{height} pixels; at most {LARGEST_PICTURE:,} are read"
            )
        if picture.mode not in ("RGB", "L"):
            raise StudyError(
                f"{where} has the channels {'+'.join(picture.getbands())} (mode {picture.mode}); "
                "every picture must be RGB or grey: convert it"
            )
        # Behind the picture a phone's MPO file has its preview or its depth; a PNG would move.
        pictures = getattr(picture, "n_frames", 1)
        if pictures > 1 and picture.format == "PNG":
            raise StudyError(f"{where} holds {pictures} pictures; it must hold one: convert it")
        picture.load()
    except StudyError:
        raise
    except Exception as error:  # a damaged file may raise anything
        reason = "no JPEG or PNG file" if isinstance(error, Image.UnidentifiedImageError) else error
        raise StudyError(f"{where} does not decode ({reason}); replace it or take it out") from None
    return picture


def _fit(picture: Image.Image, size: int, resize_filter: int) -> Image.Image:
    """The picture's central square, resized where its size differs.

    ASSUME: the middle of an oblong picture is what it shows; the study's own are all square.
    """
    width, height = picture.size
    if (width, height) == (size, size):
        return picture
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    box = (left, top, left + side, top + side)
    return picture.resize((size, size), resize_filter, box, reducing_gap=None)
