"""Pictures of results: accuracies, costs, and searches over time."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, LogLocator, NullLocator

from imagestudy.figures.text import legend_height, plain, wrapped

# mark, column, label, filled: the original's are hollow
THEIRS = (("s", "original_train", "original, train"), ("o", "original_validation", "validation"))
OURS = (("s", "train_top1", "this study, train"), ("o", "test_top1", "test"))
# Over so many times the least cost an axis has a tick for each power of ten alone.
FAR = 50
COSTS = (
    ("device_seconds", "device time of a run (s)"),
    ("parameters", "parameters"),
    ("flops", "operations for a picture"),
)


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
            low, high = (rows[f"{column}_{end}"].astype(float) for end in ("low", "high"))
            lower = places - (0.05 if column == "train_top1" else 0.23)
            for place, start, end in zip(lower, low.clip(0), high.clip(upper=1), strict=True):
                axis.plot([start, end], [place, place], color=colour, linestyle="-", marker="")
            _marks(axis, rows[column], lower, mark, colour, label, hollow=False)
        axis.axvline(rows["guessing"].iloc[0], color="0.4", linestyle=":", marker="", lw=0.8)
        axis.set_yticks(places, [_named(row) for row in rows.itertuples()])
        axis.set_ylim(-0.6, len(rows) - 0.4)
        axis.set_title(plain(dataset))
        axis.grid(axis="y", visible=False)
    axes.flat[-1].set(xlabel="accuracy (top-1)", xlim=(0, 1.01))
    handles, labels = axes.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=4)
    return figure


def _named(row: Any) -> str:
    """An experiment's title, marked where it has seen its pictures before."""
    return wrapped(row.title) + (" †" if row.has_seen else "")


def _marks(
    axis: Axes, values: Any, places: np.ndarray, mark: str, colour: str, label: str, hollow: bool
) -> None:
    face = "white" if hollow else colour
    # The style's cycle comes to hollow marks after so many lines, and intervals are lines too.
    look = {"color": colour, "markerfacecolor": face, "fillstyle": "full", "ms": 5}
    axis.plot(values, places, mark, label=label, linestyle="", **look)


def cost(table: pd.DataFrame) -> Figure:
    """Test accuracy against what a network costs; a row of panels for each data set.

    `table`: the summary frame; bars are the 95% intervals. The line is the front: what no other
    beats at a lower or equal cost. What has seen its pictures before is marked, and not on it.
    """
    groups = list(table.groupby("dataset_title", sort=False))
    heights = [1.9 + legend_height(len(rows) + 1, 3) for _, rows in groups]
    figure = Figure(figsize=(5.9, sum(heights)))
    parts = figure.subfigures(len(groups), 1, squeeze=False, height_ratios=heights)[:, 0]
    for part, (dataset, rows) in zip(parts, groups, strict=True):
        axes = part.subplots(1, len(COSTS), sharey=True)
        for axis, (column, label) in zip(axes, COSTS, strict=True):
            _costs(axis, rows[rows["test_top1"].notna()], column)
            axis.set(xlabel=label, xscale="log")
            lowest, highest = axis.get_xlim()
            steps = (1,) if highest > FAR * lowest else (1, 2, 5)
            axis.xaxis.set_major_locator(LogLocator(subs=steps, numticks=5))
            axis.xaxis.set_major_formatter(EngFormatter(sep=""))
            axis.xaxis.set_minor_locator(NullLocator())
        axes[0].set(ylabel="test accuracy (top-1)", title=plain(dataset))
        handles, labels = axes[0].get_legend_handles_labels()
        part.legend(handles, labels, loc="outside lower center", fontsize=6.5, ncols=3)
    return figure


def _costs(axis: Axes, rows: pd.DataFrame, column: str) -> None:
    if rows.empty:
        return
    for number, row in enumerate(rows.itertuples(), start=1):
        value = getattr(row, column)
        low = row.test_top1 - max(row.test_top1_low, 0)
        high = min(row.test_top1_high, 1) - row.test_top1
        axis.errorbar(
            [value], [row.test_top1], yerr=[[low], [high]], linestyle="", capsize=2,
            elinewidth=0.7, label=f"{number}  {_named(row)}",
        )  # fmt: skip
        axis.annotate(
            str(number), (value, row.test_top1), (3, 2), textcoords="offset points", fontsize=6
        )
    fair = rows[~rows["has_seen"]]
    line = fair.iloc[front(fair[column].to_numpy(), fair["test_top1"].to_numpy())]
    axis.plot(line[column], line["test_top1"], color="0.5", drawstyle="steps-post", marker="",
              linestyle="-", linewidth=0.8, zorder=0, label="front")  # fmt: skip
    axis.set_xlim(rows[column].min() / 2, 2 * rows[column].max())


def front(costs: np.ndarray, values: np.ndarray) -> list[int]:
    """Which are on the Pareto front, the cheapest first: none is better at no higher cost."""
    kept: list[int] = []
    for place in np.lexsort((-values, costs)):
        if not kept or values[place] > values[kept[-1]]:
            kept.append(int(place))
    return kept


def anytime(trials: pd.DataFrame, crossings: pd.DataFrame) -> Figure:
    """The best selection accuracy so far against the device time spent, a line for each search.

    `trials`: the ledgers with columns `title` and `dataset`, whose searches share a panel; failed
    trials cost and do not score. Searches that differ by their seed alone share their look.
    `crossings`: columns `dataset`, `device_seconds`, `score`, where AutoKeras and by hand change
    the lead, marked by a ring; without any no ring is explained.
    """
    panels = list(trials.groupby("dataset", sort=False))
    figure = Figure(figsize=(5.9, 2.5 * len(panels)))
    parts = figure.subfigures(len(panels), 1, squeeze=False)[:, 0]
    for part, (dataset, own) in zip(parts, panels, strict=True):
        axis = part.subplots()
        for title, searches in own.groupby("title", sort=False):
            look = {"label": wrapped(title)}
            for _, rows in searches.groupby("seed"):
                spent = rows["cumulative_device_seconds"]
                (line,) = axis.step(spent, rows["best_so_far"], where="post", **look)
                look = {"color": line.get_color(), "linestyle": line.get_linestyle()}
                look |= {"marker": line.get_marker(), "fillstyle": line.get_fillstyle()}
        met = crossings[crossings["dataset"] == dataset]
        if len(met):
            axis.plot(met["device_seconds"], met["score"], "o", color="0.2", markersize=9,
                      markerfacecolor="none", linestyle="", label="change of the lead")  # fmt: skip
        axis.set(xlabel="device time spent (s)", ylabel="best selection accuracy")
        axis.set(title=plain(dataset))
        axis.set_xlim(left=0)
        # Room for the highest marks, which the edge would cut; there may be no score.
        best = own["best_so_far"].max()
        axis.set_ylim(0, 1.12 * best if best > 0 else 1)
        part.legend(loc="outside upper center", ncols=3)
    return figure
