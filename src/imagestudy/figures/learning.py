"""Learning curves."""

import pandas as pd
from matplotlib import rcParams
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

PANELS = (("top1", "accuracy"), ("loss", "loss"))
SPLITS = (("train", "train (running)"), ("selection", "selection"))


def learning_curves(history: pd.DataFrame, best_epochs: dict[int, int], chance: float) -> Figure:
    """Accuracy and loss over epochs, a line for each seed and split.

    `history`: the runs' histories with a column `seed`. `best_epochs`: the epoch chosen on the
    selection split, of each seed, where a marker stands. `chance`: the accuracy of guessing.
    """
    figure = Figure(figsize=(5.9, 2.1))
    axes = figure.subplots(1, 2)
    colours = rcParams["axes.prop_cycle"].by_key()["color"]
    for axis, (metric, label) in zip(axes, PANELS, strict=True):
        for (split, _), colour, style in zip(SPLITS, colours, ("--", "-"), strict=False):
            for seed, rows in history.groupby("seed"):
                column = rows[f"{split}_{metric}"]
                axis.plot(rows["epoch"], column, color=colour, linestyle=style, marker="")
                chosen = rows["epoch"] == best_epochs[seed]
                if split == "selection":
                    axis.plot(
                        rows["epoch"][chosen],
                        column[chosen],
                        color=colour,
                        marker="o",
                        linestyle="",
                        markerfacecolor="white",
                    )
        axis.set(xlabel="epoch", ylabel=label)
        axis.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
        if history["epoch"].max() == 1:
            axis.set(xlim=(0.5, 1.5), xticks=[1])
    axes[0].axhline(chance, color="0.4", linewidth=0.8, linestyle=":", marker="")
    axes[0].set_ylim(bottom=0)
    figure.legend(handles=_handles(colours), loc="outside upper center", ncols=4)
    return figure


def _handles(colours: list[str]) -> list[Line2D]:
    lines = [
        Line2D([], [], color=colour, linestyle=style, label=label)
        for (_, label), colour, style in zip(SPLITS, colours, ("--", "-"), strict=False)
    ]
    chosen = Line2D(
        [],
        [],
        color=colours[1],
        marker="o",
        linestyle="",
        markerfacecolor="white",
        label="epoch chosen",
    )
    guessing = Line2D([], [], color="0.4", linestyle=":", linewidth=0.8, label="guessing")
    return [*lines, chosen, guessing]
