"""What networks make of the test pictures: errors shown, classes, confusion, calibration."""

import textwrap
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from scipy.cluster.hierarchy import leaves_list, linkage

from imagestudy.figures.data import short
from imagestudy.figures.many import CONFUSED_CLASSES, NAMED_CLASSES
from imagestudy.figures.text import first, legend_height, plain, wrapped

# An empty figure still has a height.
LEAST = 0.2
COLUMNS = 8
# Inches: a band of pictures, and a line of text under it.
BAND, LINE = 1.3, 0.12
# Characters that fit above a picture, across the figure, and beside the matrix.
OVER_A_PICTURE, ACROSS, BESIDE_THE_MATRIX = 14, 105, 18


class Shown(NamedTuple):
    """Pictures under a heading: uint8, N x H x W x 3, and the text above and below each.

    `named` says what the texts below stand for, where they are short for something.
    """

    heading: str
    images: np.ndarray
    lines: Sequence[tuple[str, str]]
    named: Sequence[str] = ()


def bands(shown: Sequence[Shown]) -> Figure:
    """Pictures in a row for each band: their class above, what is said of them below."""
    if not shown:
        return Figure(figsize=(5.9, LEAST))
    named = [_filled(band.named) for band in shown]
    heights = [BAND + LINE * len(lines) for lines in named]
    figure = Figure(figsize=(5.9, sum(heights)))
    parts = figure.subfigures(len(shown), 1, squeeze=False, height_ratios=heights)[:, 0]
    for part, band, lines in zip(parts, shown, named, strict=True):
        part.suptitle(plain(band.heading), fontsize=8, fontweight="bold", x=0.01, ha="left")
        axes = part.subplots(1, max(len(band.images), COLUMNS))
        for axis in axes:
            axis.axis("off")
        for axis, image, (above, below) in zip(axes, band.images, band.lines, strict=False):
            axis.imshow(image, interpolation="nearest")
            over, under = (first(text, OVER_A_PICTURE) for text in (above, below))
            axis.set_title(over, fontsize=6, fontweight="normal", loc="center", pad=2)
            axis.text(0.5, -0.04, under, transform=axis.transAxes, fontsize=6,
                      ha="center", va="top")  # fmt: skip
        if lines:
            part.supxlabel("\n".join(lines), fontsize=6.5, x=0.01, ha="left")
    return figure


def _filled(named: Sequence[str]) -> list[str]:
    """Names one after another, on lines of the figure's width."""
    # What is one name stays on one line, where it fits.
    lines: list[str] = []
    for name in map(plain, named):
        longer = f"{lines[-1]}      {name}" if lines else name
        if lines and len(longer) <= ACROSS:
            lines[-1] = longer
        else:
            lines += textwrap.wrap(name, ACROSS)
    return lines


def classes(by_class: pd.DataFrame, matrix: np.ndarray, titles: Sequence[str]) -> Figure:
    """The accuracy on each class, of every experiment, and the confusion matrix of the best.

    `by_class`: a column for each experiment, a row for each class. `matrix`: pictures of each class
    (rows) taken for each (columns). Few classes are all named. Many are sorted, each experiment's
    by itself; the matrix then has those most often confused. Without experiments the figure is
    empty.
    """
    if by_class.empty:
        return Figure(figsize=(5.9, LEAST))
    many = len(titles) > NAMED_CLASSES
    legend = legend_height(len(by_class.columns), 3)
    figure = Figure(figsize=(5.9, (3.3 if many else 2.5) + legend))
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.4) if many else (1, 1))
    _accuracies(left, by_class, titles, many)
    _confusion(right, matrix, titles, many)
    figure.legend(loc="outside lower center", ncols=3, fontsize=6.5)
    return figure


def _accuracies(axis: Axes, by_class: pd.DataFrame, titles: Sequence[str], many: bool) -> None:
    places = np.arange(1, len(titles) + 1)
    for name, column in by_class.items():
        values = np.sort(column)[::-1] if many else column
        kept = {"marker": ""} if many else {"linestyle": "", "markersize": 3.5}
        axis.plot(places, values, label=wrapped(name), **kept)
    axis.set(ylabel="accuracy", ylim=(0, 1.02), title="Each class")
    if many:
        axis.set_xlabel("class, each line sorted by itself")
    else:
        axis.set_xticks(places, [short(title) for title in titles], rotation=90, fontsize=6)


def _confusion(axis: Axes, matrix: np.ndarray, titles: Sequence[str], many: bool) -> None:
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    shown = most_confused(shares, CONFUSED_CLASSES) if many else np.arange(len(titles))
    # Another class takes a small share at most: the root lets it be seen.
    scale = PowerNorm(0.5, vmin=0, vmax=1)
    # With square cells the layout is not settled after one drawing: names meet the legend.
    look = {"cmap": "Greys", "norm": scale, "interpolation": "nearest", "aspect": "auto"}
    image = axis.imshow(shares[np.ix_(shown, shown)], **look)
    axis.grid(visible=False)
    axis.set_title("Most confused: share taken for" if many else "Share taken for each")
    axis.figure.colorbar(image, ax=axis, shrink=0.7)
    names = [short(titles[number], BESIDE_THE_MATRIX) for number in shown]
    axis.set_xticks(range(len(names)), names, rotation=90, fontsize=6)
    axis.set_yticks(range(len(names)), names, fontsize=6)


def most_confused(shares: np.ndarray, number: int) -> np.ndarray:
    """At most `number` classes, of the pairs most often confused with each other, both of each.

    They are in an order that puts those together that are confused.
    """
    each_other = shares + shares.T
    one, other = np.triu_indices(len(shares), 1)
    pairs = np.argsort(-each_other[one, other], kind="stable")
    chosen: list[int] = []
    for pair in zip(one[pairs], other[pairs], strict=True):
        # A class without the one that it is confused with would show nothing.
        more = [each for each in pair if each not in chosen]
        chosen += more if len(chosen) + len(more) <= number else []
        if len(chosen) == number:
            break
    distance = 1 - each_other[np.ix_(chosen, chosen)] / 2
    upper = np.triu_indices(len(chosen), 1)
    return np.array(chosen)[leaves_list(linkage(distance[upper], "average"))]


def calibration(bins: pd.DataFrame) -> Figure:
    """Accuracy against confidence of every experiment; a panel for each data set.

    `bins`: columns `dataset`, `title`, `confidence`, `accuracy`, in the order to show.
    """
    panels = list(bins.groupby("dataset", sort=False))
    if not panels:
        return Figure(figsize=(5.9, LEAST))
    heights = [max(2.0, legend_height(rows["title"].nunique(), 1)) for _, rows in panels]
    figure = Figure(figsize=(5.9, sum(heights)))
    parts = figure.subfigures(len(panels), 1, squeeze=False, height_ratios=heights)[:, 0]
    for part, (dataset, rows) in zip(parts, panels, strict=True):
        axis = part.subplots()
        for title, own in rows.groupby("title", sort=False):
            axis.plot(own["confidence"], own["accuracy"], label=wrapped(title), markersize=3)
        axis.plot([0, 1], [0, 1], color="0.4", linestyle=":", marker="", linewidth=0.8)
        axis.set(xlim=(0, 1.02), ylim=(0, 1.02), xlabel="confidence", title=plain(dataset))
        axis.set_ylabel("accuracy")
        part.legend(loc="outside right center", fontsize=6.5)
    return figure
