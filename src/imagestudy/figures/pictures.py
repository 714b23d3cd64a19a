"""What networks make of the test pictures: errors shown, classes, confusion, calibration."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from scipy.cluster.hierarchy import leaves_list, linkage

from imagestudy.figures.data import NAMED_CLASSES, short
from imagestudy.figures.text import legend_height, plain, wrapped

# An empty figure still has a height.
LEAST = 0.2
COLUMNS = 8


class Shown(NamedTuple):
    """Pictures under a heading: uint8, N x H x W x 3, and the two lines of text of each."""

    heading: str
    images: np.ndarray
    lines: Sequence[tuple[str, str]]


def bands(shown: Sequence[Shown]) -> Figure:
    """Pictures in a row for each band: their class above, what is said of them below."""
    figure = Figure(figsize=(5.9, max(1.12 * len(shown), LEAST)))
    parts = figure.subfigures(len(shown), 1, squeeze=False)[:, 0] if shown else []
    for part, band in zip(parts, shown, strict=True):
        part.suptitle(plain(band.heading), fontsize=8, fontweight="bold", x=0.01, ha="left")
        axes = part.subplots(1, max(len(band.images), COLUMNS))
        for axis in axes:
            axis.axis("off")
        for axis, image, (above, below) in zip(axes, band.images, band.lines, strict=False):
            axis.imshow(image, interpolation="nearest")
            axis.set_title(short(above), fontsize=5.5, fontweight="normal", loc="center", pad=2)
            axis.text(0.5, -0.04, short(below), transform=axis.transAxes, fontsize=5.5,
                      ha="center", va="top")  # fmt: skip
    return figure


def classes(by_class: pd.DataFrame, matrix: np.ndarray, titles: Sequence[str]) -> Figure:
    """The accuracy on each class, of every experiment, and the confusion matrix of the best.

    `by_class`: a column for each experiment, a row for each class. `matrix`: pictures of each class
    (rows) taken for each (columns). Few classes are named; many are sorted, each experiment's
    by itself, and in the matrix classes that are confused alike stand together. Without
    experiments the figure is empty.
    """
    if by_class.empty:
        return Figure(figsize=(5.9, LEAST))
    figure = Figure(figsize=(5.9, 2.5 + legend_height(len(by_class.columns), 3)))
    left, right = figure.subplots(1, 2)
    many = len(titles) > NAMED_CLASSES
    places = np.arange(1, len(titles) + 1)
    for name, column in by_class.items():
        values = np.sort(column)[::-1] if many else column
        kept = {"marker": ""} if many else {"linestyle": "", "markersize": 3.5}
        left.plot(places, values, label=wrapped(name), **kept)
    left.set(ylabel="accuracy", ylim=(0, 1.02), title="Each class")
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    order = _alike(shares) if many else np.arange(len(titles))
    # Of many classes each takes a small share of another: the root lets it be seen.
    scale = PowerNorm(0.5 if many else 1, vmin=0, vmax=1)
    shown = shares[np.ix_(order, order)]
    image = right.imshow(shown, cmap="Greys", norm=scale, interpolation="nearest")
    right.grid(visible=False)
    right.set(title="Share taken for each")
    figure.colorbar(image, ax=right, shrink=0.7)
    if many:
        left.set_xlabel("class, each line sorted by itself")
        right.set(xlabel="taken for", ylabel="class", xticks=[], yticks=[])
    else:
        names = [short(title) for title in titles]
        left.set_xticks(places, names, rotation=90, fontsize=6)
        right.set_xticks(range(len(names)), names, rotation=90, fontsize=6)
        right.set_yticks(range(len(names)), names, fontsize=6)
    figure.legend(loc="outside lower center", ncols=3, fontsize=6.5)
    return figure


def _alike(shares: np.ndarray) -> np.ndarray:
    """The classes in an order that puts those together that are confused with each other."""
    distance = 1 - (shares + shares.T) / 2
    return leaves_list(linkage(distance[np.triu_indices(len(shares), 1)], "average"))


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
