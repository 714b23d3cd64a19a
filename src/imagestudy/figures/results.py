"""Pictures of results: accuracies, costs, and searches over time."""

import textwrap
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from imagestudy.figures.text import plain

# mark, column, label, filled: the original's are hollow
THEIRS = (("s", "original_train", "original, train"), ("o", "original_validation", "validation"))
OURS = (("s", "train_top1", "this study, train"), ("o", "test_top1", "test"))
WIDTH = 26


def accuracy_overview(table: pd.DataFrame) -> Figure:
    """Train and test accuracy of every experiment, the original's beside it.

    `table`: the summary frame. Experiments of one data set share a panel, with the accuracy of
    guessing as a line: accuracies are to be compared within a panel only.
    """
    panels = list(table.groupby("dataset_title", sort=False))
    heights = [len(rows) for _, rows in panels]
    figure = Figure(figsize=(5.9, 0.55 + 0.33 * len(table) + 0.3 * len(panels)))
    axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False, height_ratios=heights)
    colours = rcParams["axes.prop_cycle"].by_key()["color"]
    theirs = THEIRS if table["original_validation"].notna().any() else ()
    for axis, (dataset, rows) in zip(axes.flat, panels, strict=True):
        places = np.arange(len(rows))[::-1]
        for (mark, column, label), colour in zip(theirs, colours, strict=False):
            values = rows[column].astype(float)
            _marks(axis, values, places + 0.2, mark, colour, label, hollow=True)
        for (mark, column, label), colour in zip(OURS, colours, strict=False):
            low, high = rows[f"{column}_low"], rows[f"{column}_high"]
            lower = places - (0.05 if column == "train_top1" else 0.23)
            for place, start, end in zip(lower, low.clip(0), high.clip(upper=1), strict=True):
                axis.plot([start, end], [place, place], color=colour, linestyle="-", marker="")
            _marks(axis, rows[column], lower, mark, colour, label, hollow=False)
        axis.axvline(1 / rows["classes"].iloc[0], color="0.4", linestyle=":", marker="", lw=0.8)
        axis.set_yticks(places, [_wrapped(title) for title in rows["title"]])
        axis.set_ylim(-0.6, len(rows) - 0.4)
        axis.set_title(plain(dataset))
        axis.grid(axis="y", visible=False)
    axes.flat[-1].set(xlabel="accuracy (top-1)", xlim=(0, 1.01))
    handles, labels = axes.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=4)
    return figure


def _marks(
    axis: Axes, values: Any, places: np.ndarray, mark: str, colour: str, label: str, hollow: bool
) -> None:
    face = "white" if hollow else colour
    axis.plot(
        values, places, mark, color=colour, markerfacecolor=face, label=label, linestyle="", ms=5
    )


def _wrapped(title: str) -> str:
    lines = textwrap.wrap(plain(title), WIDTH) or [""]
    return "\n".join(lines if len(lines) <= 2 else [lines[0], lines[1][: WIDTH - 1] + "…"])


def cost(table: pd.DataFrame) -> Figure:
    """Test accuracy against the device time of a run; a panel for each data set.

    `table`: the summary frame; bars are the 95% intervals.
    """
    panels = list(table.groupby("dataset_title", sort=False))
    figure = Figure(figsize=(5.9, 2.9))
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)
    for axis, (dataset, rows) in zip(axes.flat, panels, strict=True):
        for row in rows.itertuples():
            bars = None
            if pd.notna(row.test_top1_low):
                low = row.test_top1 - max(row.test_top1_low, 0)
                bars = [[low], [min(row.test_top1_high, 1) - row.test_top1]]
            axis.errorbar(
                [row.device_seconds],
                [row.test_top1],
                yerr=bars,
                linestyle="",
                capsize=2,
                elinewidth=0.7,
                label=_wrapped(row.title),
            )
        axis.set(title=plain(dataset), xlabel="device time of a run (s)", xscale="log")
        axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axis.xaxis.set_minor_locator(NullLocator())
        axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.24), fontsize=7)
    axes.flat[0].set(ylabel="test accuracy (top-1)")
    return figure


def anytime(trials: pd.DataFrame) -> Figure:
    """The best selection accuracy so far against the device time spent, a line for each search.

    `trials`: the ledgers with a column `title`; failed trials cost and do not score. Searches that
    differ by their seed alone share their look.
    """
    figure = Figure(figsize=(5.9, 2.5))
    axis = figure.subplots()
    for title, searches in trials.groupby("title", sort=False):
        look = {"label": _wrapped(title)}
        for _, rows in searches.groupby("seed"):
            spent = rows["cumulative_device_seconds"]
            (line,) = axis.step(spent, rows["best_so_far"], where="post", **look)
            look = {"color": line.get_color(), "linestyle": line.get_linestyle()}
    axis.set(xlabel="device time spent (s)", ylabel="best selection accuracy")
    axis.set_xlim(left=0)
    axis.set_ylim(bottom=0)
    figure.legend(loc="outside upper center", ncols=4)
    return figure
