"""Statistics of accuracies: over seeds, over pictures, and from saved predictions."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import stats
from statsmodels.stats.proportion import proportion_confint, proportions_ztest
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

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


def unpaired(first: Sequence[float], second: Sequence[float]) -> Estimate:
    """The difference of the means of two lists of at least two values, with Welch's interval.

    `seeds` is the number of values in the shorter list.
    """
    compared = CompareMeans(DescrStatsW(first), DescrStatsW(second))
    low, high = compared.tconfint_diff(alpha=1 - CONFIDENCE, usevar="unequal")
    mean = float(np.mean(first) - np.mean(second))
    spread = float(np.sqrt(np.var(first, ddof=1) + np.var(second, ddof=1)))
    count = min(len(first), len(second))
    return Estimate(mean, spread, float(low), float(high), count, 0, "Welch")


def chance(classes: int) -> float:
    """The accuracy of guessing among equally frequent classes."""
    return 1 / classes
