"""Statistics of accuracies: over seeds, over pictures, and from saved predictions."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import stats
from statsmodels.stats.proportion import proportion_confint, proportions_ztest

CONFIDENCE = 0.95


class Estimate(NamedTuple):
    """An accuracy (fraction) with its interval, and how the interval was made.

    `spread` is the sample standard deviation over seeds; None for a single seed. `method` is
    `t over seeds`, `Wilson over pictures`, or `none` where nothing was measured.
    """

    mean: float | None
    spread: float | None
    low: float | None
    high: float | None
    seeds: int
    pictures: int
    method: str


class Comparison(NamedTuple):
    """Two proportions compared as if their pictures were unpaired."""

    difference: float
    z: float
    p: float


def estimate(values: Sequence[float], pictures: int) -> Estimate:
    """The mean of the seeds' accuracies, each over `pictures`, with a 95% interval.

    With several seeds the interval is Student's t over seeds; one seed says nothing of seeds, so
    its interval is Wilson's over pictures.
    """
    count = len(values)
    if count == 0:
        return Estimate(None, None, None, None, 0, pictures, "none")
    mean, spread = mean_and_spread(values)
    if count == 1:
        low, high = wilson(mean, pictures)
        return Estimate(mean, None, low, high, 1, pictures, "Wilson over pictures")
    low, high = t_interval(values)
    return Estimate(mean, spread, low, high, count, pictures, "t over seeds")


def mean_and_spread(values: Sequence[float]) -> tuple[float | None, float | None]:
    """Mean and sample standard deviation; None for what too few `values` cannot tell."""
    mean = float(np.mean(values)) if len(values) else None
    return mean, float(np.std(values, ddof=1)) if len(values) > 1 else None


def of_metric(metric: dict[str, Any]) -> Estimate:
    """The estimate of one metric of an experiment's result file (`values`, `pictures`)."""
    known = [value for value in metric["values"] if value is not None]
    return estimate(known, metric["pictures"])


def t_interval(values: Sequence[float]) -> tuple[float, float]:
    """Student's t interval of the mean of at least two `values`."""
    mean, error = float(np.mean(values)), float(stats.sem(values))
    if error == 0:
        return mean, mean
    low, high = stats.t.interval(CONFIDENCE, len(values) - 1, loc=mean, scale=error)
    return float(low), float(high)


def wilson(accuracy: float, pictures: int) -> tuple[float, float]:
    """Wilson's interval of an accuracy over so many pictures."""
    low, high = proportion_confint(
        round(accuracy * pictures), pictures, alpha=1 - CONFIDENCE, method="wilson"
    )
    return float(low), float(high)


def two_proportions(first: float, second: float, pictures: int) -> Comparison:
    """The z test of two accuracies, each over `pictures` and taken as unpaired."""
    z, p = proportions_ztest([first * pictures, second * pictures], [pictures, pictures])
    return Comparison(first - second, float(z), float(p))


def paired(first: Sequence[float], second: Sequence[float]) -> Estimate:
    """The mean difference of two lists of values paired by seed, with its t interval.

    One seed has no interval.
    """
    differences = [a - b for a, b in zip(first, second, strict=True)]
    if len(differences) == 1:
        return Estimate(differences[0], None, None, None, 1, 0, "none")
    return estimate(differences, 0)


def chance(classes: int) -> float:
    """The accuracy of guessing among equally frequent classes."""
    return 1 / classes


def top_k(probabilities: np.ndarray, labels: np.ndarray, k: int) -> float:
    """The fraction of pictures with fewer than `k` classes more probable than the true one.

    Rows that are not finite count as wrong.
    """
    finite = np.isfinite(probabilities).all(axis=1)
    own = probabilities[np.arange(len(labels)), labels]
    rank = (probabilities > own[:, None]).sum(axis=1)
    return float(np.mean(finite & (rank < k)))


def log_loss(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The mean negative log probability of the true class."""
    own = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(own, np.finfo(np.float32).tiny)).mean())


def calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = 15) -> float:
    """The expected calibration error over `bins` equal widths of confidence (Guo et al. 2017)."""
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    edges = np.linspace(0, 1, bins + 1)[1:-1]
    members = np.digitize(confidence, edges, right=True)
    error = 0.0
    for number in range(bins):
        chosen = members == number
        if chosen.any():
            error += chosen.mean() * abs(correct[chosen].mean() - confidence[chosen].mean())
    return float(error)
