"""What a network said of the test pictures, and what can be measured on it."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from imagestudy.stored import read_stored

BINS = 15


class Predictions(NamedTuple):
    """Class probabilities (float, N x classes) and true class numbers (N) of the test pictures.

    N is 0 where a run ended without a network.
    """

    probabilities: np.ndarray
    labels: np.ndarray

    @property
    def finite(self) -> bool:
        """Whether there are predictions, and all of them are numbers."""
        return len(self.labels) > 0 and bool(np.isfinite(self.probabilities).all())

    @property
    def correct(self) -> np.ndarray:
        """Which pictures have their true class before all others (bool, N); ties count against."""
        own = self.probabilities[np.arange(len(self.labels)), self.labels]
        rank = (self.probabilities >= own[:, None]).sum(axis=1)
        return (rank == 1) & np.isfinite(self.probabilities).all(axis=1)

    @property
    def answers(self) -> np.ndarray:
        """The most probable class of each picture (N); of equals the first."""
        return np.nan_to_num(self.probabilities, nan=-1.0).argmax(axis=1)


def read_predictions(path: Path) -> Predictions:
    """The predictions in a run's predictions.npz; a `StudyError` where it cannot be read."""
    stored = read_stored(path)
    return Predictions(np.exp(stored.log_probabilities.astype(np.float64)), stored.labels)


def per_class(predictions: Predictions) -> list[float | None]:
    """The accuracy on each class; None for one without pictures."""
    classes = predictions.probabilities.shape[1]
    pictures = np.bincount(predictions.labels, minlength=classes)
    right = np.bincount(predictions.labels[predictions.correct], minlength=classes)
    return [float(r / n) if n else None for r, n in zip(right, pictures, strict=True)]


def confusion(predictions: Predictions) -> np.ndarray:
    """How many pictures of each true class (rows) are taken for each class (columns)."""
    classes = predictions.probabilities.shape[1]
    counts = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (predictions.labels, predictions.answers), 1)
    return counts


def reliability(predictions: Predictions) -> list[dict[str, Any]]:
    """Bins of equal width over the highest probability: `confidence`, `accuracy`, `pictures`.

    Bins without pictures are left out.
    """
    confidence = predictions.probabilities.max(axis=1)
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    right = predictions.correct
    return [
        {
            "confidence": float(confidence[bins == number].mean()),
            "accuracy": float(right[bins == number].mean()),
            "pictures": int((bins == number).sum()),
        }
        for number in np.unique(bins)
    ]


def calibration_error(bins: list[dict[str, Any]]) -> float:
    """The expected calibration error: how far confidence and accuracy are apart, over pictures."""
    pictures = sum(each["pictures"] for each in bins)
    gaps = (abs(each["confidence"] - each["accuracy"]) * each["pictures"] for each in bins)
    return float(sum(gaps) / pictures)
