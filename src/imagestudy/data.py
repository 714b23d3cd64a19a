"""Prepared data sets, opened for training: arrays mapped into memory, and their description."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from imagestudy.arrays import read_arrays
from imagestudy.errors import StudyError
from imagestudy.finite import loads

SCHEMA = 1  # of dataset.json
SPLITS = ("train", "selection", "test")


def chance(description: dict[str, Any]) -> float:
    """The test accuracy of guessing, of a data set with this dataset.json."""
    test = description["splits"]["test"]
    return max(test["per_class"]) / test["pictures"]


@dataclass(frozen=True)
class Split:
    """Pictures (uint8, N x H x W x 3) and their class numbers (int32, N)."""

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def first_per_class(self, count: int) -> "Split":
        """The first `count` pictures of each class, in their order."""
        order = np.argsort(self.labels, kind="stable")
        ordered = self.labels[order]
        rank = np.arange(len(ordered)) - np.searchsorted(ordered, ordered)
        rows = np.sort(order[rank < count])
        return Split(self.images[rows], self.labels[rows])


@dataclass(frozen=True)
class Dataset:
    """A prepared data set in `folder`; `description` is its dataset.json."""

    folder: Path
    description: dict[str, Any]

    @property
    def name(self) -> str:
        """What config.yaml calls it."""
        return self.description["name"]

    @property
    def source(self) -> str:
        """`official`, `generated` or `own`."""
        return self.description["source"]

    @property
    def digest(self) -> str:
        """SHA-256 over all labelled splits and the classes."""
        return self.description["digest"]

    @property
    def classes(self) -> list[str]:
        """Names of the classes, in the order of their numbers."""
        return [entry["name"] for entry in self.description["classes"]]

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of each picture."""
        size = self.description["image_size"]
        return size, size, 3

    def split(self, name: str) -> Split:
        """The split `train`, `selection` or `test`."""
        if name not in SPLITS:
            raise StudyError(
                f"{self.folder}: split '{name}'; it must be one of {', '.join(SPLITS)}"
            )
        images = self._array(f"{name}_images")
        labels = self._array(f"{name}_labels")
        expected = self.description["splits"][name]["pictures"]
        if images.shape != (expected, *self.image_shape) or len(labels) != expected:
            raise StudyError(
                f"{self.folder}: {name} holds pictures of shape {images.shape} and {len(labels)} "
                f"labels; dataset.json says {expected} pictures of {self.image_shape}: "
                "prepare again"
            )
        classes = len(self.description["classes"])
        if labels.ndim != 1 or labels.dtype.kind != "i" or _outside(labels, classes):
            raise StudyError(
                f"{self.folder}: the labels of {name} are not all whole numbers from 0 to "
                f"{classes - 1}, as dataset.json says: prepare again"
            )
        return Split(images, labels)

    @cached_property
    def unlabelled(self) -> np.ndarray:
        """Pictures without a label (uint8, N x H x W x 3); N may be 0."""
        return self._array("unlabelled_images")

    def boxes(self, split: str) -> np.ndarray:
        """Bounding boxes (int16, N x 4): x0 y0 x1 y1 in source pixels, -1 where there is none."""
        return self._columns("boxes", split)

    def sources(self, split: str) -> np.ndarray:
        """The pictures' names inside the archive (N strings); `unlabelled` is a split too."""
        return self._columns("sources", split)

    def _array(self, name: str) -> np.ndarray:
        path = self.folder / f"{name}.npy"
        try:
            array = np.load(path, mmap_mode="r", allow_pickle=False)
        except ValueError:
            # An empty array cannot be mapped into memory.
            array = self._whole(path)
        except Exception as error:  # a damaged file may raise anything
            raise _damaged(path, error) from None
        return np.asarray(array) if name.endswith("labels") else array

    def _whole(self, path: Path) -> np.ndarray:
        try:
            return np.load(path, allow_pickle=False)
        except Exception as error:  # a damaged file may raise anything
            raise _damaged(path, error) from None

    def _columns(self, name: str, split: str) -> np.ndarray:
        path = self.folder / f"{name}.npz"
        try:
            return read_arrays(path, [split])[split]
        except ValueError as error:
            raise _damaged(path, error) from None


def open_dataset(folder: Path) -> Dataset:
    """The prepared data set in `folder`; its arrays are mapped, not read."""
    path = folder / "dataset.json"
    try:
        description = loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(path, error) from None
    schema = description.get("schema") if isinstance(description, dict) else None
    if schema != SCHEMA:
        raise StudyError(
            f"{path} was made by another version of the study (its schema is {schema}, this "
            f"version's {SCHEMA}); prepare the data set again"
        )
    dataset = Dataset(folder, description)
    for split in SPLITS:
        dataset.split(split)
    return dataset


def _outside(labels: np.ndarray, classes: int) -> bool:
    return len(labels) > 0 and not 0 <= labels.min() <= labels.max() < classes


def _damaged(path: Path, error: Exception) -> StudyError:
    reason = getattr(error, "strerror", None) or error
    return StudyError(f"{path} cannot be read ({reason}); prepare the data set again")
