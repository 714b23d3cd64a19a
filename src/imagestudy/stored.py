"""A run's predictions as they are stored, and the metrics that they amount to."""

from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from imagestudy.arrays import read_arrays
from imagestudy.errors import StudyError

ARRAYS = ("log_probabilities", "labels", "unlabelled")


class Stored(NamedTuple):
    """What a run says of the test pictures, and which class it gives each unlabelled one.

    `log_probabilities`: float16, N x classes, NaN where the network diverged; `labels`: int32, N;
    `unlabelled`: int32. A run that ended without a network has none.
    """

    log_probabilities: np.ndarray
    labels: np.ndarray
    unlabelled: np.ndarray


def log_probabilities(probabilities: np.ndarray) -> np.ndarray:
    """The natural logarithms as they are stored (float16): of zero, that of float32's smallest."""
    smallest = np.finfo(np.float32).tiny
    return np.log(np.maximum(probabilities, smallest)).astype(np.float16)


def metrics(log_probabilities: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """`pictures`, `top1` and `top5` (fractions) and `loss` (mean negative log-probability).

    Rows that are not finite count as wrong, and make the loss None.
    """
    finite = np.isfinite(log_probabilities).all(axis=1)
    own = log_probabilities[np.arange(len(labels)), labels]
    # Ties count against: a network that tells no picture from another knows nothing.
    rank = (log_probabilities >= own[:, None]).sum(axis=1) - 1
    return {
        "pictures": len(labels),
        "top1": float(np.mean(finite & (rank < 1))),
        "top5": float(np.mean(finite & (rank < 5))),
        "loss": float(-own.mean(dtype=np.float64)) + 0.0 if finite.all() else None,
    }


def write_stored(path: Path, stored: Stored) -> None:
    """Write `stored` as an npz file with an array for each of its fields."""
    np.savez(path, **stored._asdict())


def read_stored(path: Path | IO[bytes]) -> Stored:
    """The predictions in the file `path`; a `StudyError` where it holds others or is damaged."""
    try:
        stored = Stored(**read_arrays(path, ARRAYS))
        _require_predictions(stored)
    except ValueError as error:
        raise StudyError(
            f"{path} cannot be read as predictions ({error}); it must hold {', '.join(ARRAYS)}: "
            "remove it and run again"
        ) from None
    return stored


def _require_predictions(stored: Stored) -> None:
    table, labels, _ = stored
    if [(each.ndim, each.dtype.kind) for each in stored] != [(2, "f"), (1, "i"), (1, "i")]:
        raise ValueError("its arrays are not a table of fractions and two lists of whole numbers")
    if len(table) != len(labels):
        raise ValueError(f"it has {len(table)} predictions and {len(labels)} labels")
    for each in stored[1:] if len(table) else ():
        if len(each) and not 0 <= each.min() <= each.max() < table.shape[1]:
            raise ValueError(f"its classes are not all from 0 to {table.shape[1] - 1}")
