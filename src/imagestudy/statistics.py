"""Statistics of accuracies: over seeds, over pictures, and from saved predictions."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint, proportions_ztest
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW, ttost_ind, ttost_paired

CONFIDENCE = 0.95
RESAMPLES = 10_000
# What rounding leaves of differences that are equal.
ROUNDING = 1e-12


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


class Tested(NamedTuple):
    """Tests of a difference of means; all None where there are too few values.

    `p` is that of no difference, `p_equivalent` that of a difference beyond the margin (TOST);
    `effect` is the difference in standard deviations, None where nothing spreads: in that of the
    differences where values are paired (d_z), else in that of the values (Cohen's d).
    """

    p: float | None
    p_equivalent: float | None
    effect: float | None


class Disagreement(NamedTuple):
    """Two networks on the same pictures: what only one gets right, and what follows.

    `difference` of the accuracies with its bootstrap interval over pictures; `p` is McNemar's
    exact one; `odds` is `only_first` over `only_second`, None where the latter is 0.
    """

    pictures: int
    only_first: int
    only_second: int
    difference: float
    low: float
    high: float
    p: float
    odds: float | None


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
    # Of none right, or all, an end is the accuracy but for rounding: it may lie on its other side.
    return min(float(low), accuracy), max(float(high), accuracy)


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


def student(first: Sequence[float], second: Sequence[float]) -> float | None:
    """The p-value of Student's test of values paired by seed; None for fewer than two."""
    differences = np.subtract(first, second)
    if len(differences) < 2:
        return None
    if np.ptp(differences) < ROUNDING:
        return float(abs(differences[0]) < ROUNDING)
    return float(stats.ttest_rel(first, second).pvalue)


def compare_paired(first: Sequence[float], second: Sequence[float], margin: float) -> Tested:
    """Student's test of values paired by seed, and their equivalence within `margin`."""
    differences = np.subtract(first, second)
    if len(differences) < 2:
        return Tested(None, None, None)
    if np.ptp(differences) < ROUNDING:
        return _without_spread(float(differences[0]), margin)
    p_equivalent, *_ = ttost_paired(np.asarray(first), np.asarray(second), -margin, margin)
    effect = differences.mean() / differences.std(ddof=1)
    return Tested(student(first, second), float(p_equivalent), float(effect))


def compare_unpaired(first: Sequence[float], second: Sequence[float], margin: float) -> Tested:
    """Welch's test of two lists of values, and their equivalence within `margin`."""
    if min(len(first), len(second)) < 2:
        return Tested(None, None, None)
    deviation = np.sqrt((np.var(first, ddof=1) + np.var(second, ddof=1)) / 2)
    if deviation < ROUNDING:
        return _without_spread(float(np.mean(first) - np.mean(second)), margin)
    p = stats.ttest_ind(first, second, equal_var=False).pvalue
    p_equivalent, *_ = ttost_ind(
        np.asarray(first), np.asarray(second), -margin, margin, usevar="unequal"
    )
    effect = (np.mean(first) - np.mean(second)) / deviation
    return Tested(float(p), float(p_equivalent), float(effect))


def _without_spread(difference: float, margin: float) -> Tested:
    """The limit of the tests where all differences are equal."""
    equal = abs(difference) < ROUNDING
    return Tested(float(equal), float(abs(difference) >= margin), None)


def disagreement(first: np.ndarray, second: np.ndarray, seed: int) -> Disagreement:
    """Two networks by which of the same pictures each gets right (two boolean arrays).

    Pictures drawn again with replacement have multinomial numbers of the three kinds that a
    difference is made of, so these are drawn instead; `seed` is of the draws.
    """
    pictures = len(first)
    only_first = int((first & ~second).sum())
    only_second = int((second & ~first).sum())
    kinds = np.array([only_first, only_second, pictures - only_first - only_second])
    drawn = np.random.default_rng(seed).multinomial(pictures, kinds / pictures, RESAMPLES)
    differences = (drawn[:, 0] - drawn[:, 1]) / pictures
    outside = (1 - CONFIDENCE) / 2
    low, high = np.quantile(differences, [outside, 1 - outside])
    table = [[0, only_first], [only_second, 0]]
    return Disagreement(
        pictures,
        only_first,
        only_second,
        (only_first - only_second) / pictures,
        float(low),
        float(high),
        float(mcnemar(table, exact=True).pvalue) if only_first + only_second else 1.0,
        only_first / only_second if only_second else None,
    )


def holm(values: Sequence[float | None]) -> list[float | None]:
    """The p-values of a family after Holm; None stays None and does not count."""
    known = [value for value in values if value is not None]
    if not known:
        return list(values)
    adjusted = iter(multipletests(known, method="holm")[1])
    return [None if value is None else float(next(adjusted)) for value in values]
