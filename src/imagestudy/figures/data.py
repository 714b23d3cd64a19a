"""Pictures of the data: samples with their boxes, and the classes' counts."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from imagestudy.figures.many import NAMED_CLASSES
from imagestudy.figures.text import first, plain

COLUMNS = 10
ROW_HEIGHT = 0.85
# Characters that fit above a picture, and at a tick.
OVER_A_PICTURE, LONGEST_TITLE = 12, 13


def sample_pictures(images: np.ndarray, boxes: np.ndarray, titles: Sequence[str]) -> Figure:
    """Pictures in rows of ten, each with its box and its class.

    `images`: uint8, N x H x W x 3. `boxes`: N x 4 (x0, y0, x1, y1 in these pictures' pixels,
    negative where there is none).
    """
    rows = -(-len(images) // COLUMNS)
    figure = Figure(figsize=(5.9, ROW_HEIGHT * rows))
    axes = figure.subplots(rows, COLUMNS, squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    shown = zip(axes.flat, images, boxes, titles, strict=False)
    for axis, image, (left, top, right, bottom), title in shown:
        axis.imshow(image, interpolation="nearest")
        name = first(title, OVER_A_PICTURE)
        axis.set_title(name, fontsize=5.5, fontweight="normal", loc="center", pad=2)
        if left >= 0:
            # White under colour: seen on any picture, and in grey print.
            for colour, width in (("white", 1.8), ("#D55E00", 0.9)):
                corner = (left - 0.5, top - 0.5)
                size = (right - left + 1, bottom - top + 1)
                axis.add_patch(
                    Rectangle(corner, *size, fill=False, edgecolor=colour, linewidth=width)
                )
    return figure


def short(title: str, longest: int = LONGEST_TITLE) -> str:
    """The first of a class's names, cut to what fits at a tick if nothing else is said."""
    first = plain(title).split(",")[0]
    return first if len(first) <= longest else first[: longest - 1] + "…"


def choose(labels: np.ndarray, classes: int, pictures: int) -> np.ndarray:
    """Which pictures to show: the first of each of `pictures` classes, evenly spaced.

    Where there are fewer classes, each shows as many pictures as make up the number.
    """
    chosen = np.unique(np.linspace(0, classes - 1, min(classes, pictures)).round().astype(int))
    each = -(-pictures // len(chosen))
    first = [np.flatnonzero(labels == number)[:each] for number in chosen]
    return np.concatenate(first)[:pictures]


def scaled_boxes(boxes: np.ndarray, source_size: Sequence[int], image_size: int) -> np.ndarray:
    """Boxes in the prepared pictures' pixels, from boxes in the source's; -1 where none."""
    width, height = source_size
    factors = np.array([image_size / width, image_size / height] * 2)
    scaled = (boxes + np.array([0, 0, 1, 1])) * factors - np.array([0, 0, 1, 1])
    return np.where((boxes < 0).any(axis=1, keepdims=True), -1.0, scaled)


def class_counts(counts: pd.DataFrame) -> Figure:
    """Pictures of each class in each split; a panel for each data set.

    `counts`: columns `dataset`, `class`, `split`, `pictures`, in the order to show. Few classes
    are named; many are sorted by their number of pictures.
    """
    panels = list(counts.groupby("dataset", sort=False))
    figure = Figure(figsize=(5.9, 2.1))
    axes = figure.subplots(1, len(panels), squeeze=False)
    for axis, (dataset, rows) in zip(axes.flat, panels, strict=True):
        for split, members in rows.groupby("split", sort=False):
            values = members["pictures"].to_numpy()
            many = len(values) > NAMED_CLASSES
            shown = np.sort(values)[::-1] if many else values
            places = np.arange(1, len(shown) + 1)
            kept = {"marker": ""} if many else {"linestyle": ""}
            axis.plot(places, shown, label=split, **kept)
        names = [short(name) for name in members["class"]]
        axis.set(title=plain(dataset), ylabel="pictures")
        axis.set_ylim(bottom=0, top=1.15 * rows["pictures"].max())
        if len(names) > NAMED_CLASSES:
            axis.set_xlabel("class, by number of pictures")
        else:
            axis.set_xticks(places, names, rotation=45, ha="right", fontsize=6.5)
    handles, labels = axes.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    return figure
