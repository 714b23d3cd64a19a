"""Networks drawn, from their layers."""

from typing import Any

from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from imagestudy import wording
from imagestudy.figures.text import plain

# kind, the types of layers that it covers, hatch: told apart in grey print too
KINDS = (
    ("convolution", ("Conv2D", "SeparableConv2D", "DepthwiseConv2D"), ""),
    ("pooling", ("MaxPooling2D", "AveragePooling2D", "GlobalAveragePooling2D"), "////"),
    ("dense", ("Dense",), "...."),
    ("normalization", ("BatchNormalization", "Normalization", "LayerNormalization"), "xxxx"),
)
GAP = 0.15
# The lowest box, as a part of the highest.
LOWEST = 0.12
# Inches: an empty figure, a network, and what a page holds beside the caption.
LEAST, HIGH, PAGE = 0.2, 1.25, 7.5


def drawn(networks: dict[str, dict[str, Any]]) -> Figure:
    """Networks by title, one above the other: a box for each layer, in the order of the data.

    A box is as high as its output is on a side (a dense layer's: one), but never so low that it
    could not be seen, and the wider the more maps or units it has. Layers without a box
    (activations, dropout, additions) are left out.
    """
    if not networks:
        return Figure(figsize=(5.9, LEAST))
    figure = Figure(figsize=(5.9, 0.35 + min(HIGH * len(networks), PAGE)))
    axes = figure.subplots(len(networks), 1, squeeze=False)[:, 0]
    colours = rcParams["axes.prop_cycle"].by_key()["color"]
    for axis, (title, network) in zip(axes, networks.items(), strict=True):
        _boxes(axis, network["table"], colours)
        parameters = wording.big(network["parameters"])
        about = f"{network['layers']} layers, {parameters} parameters"
        axis.set_title(f"{plain(title)}: {about}")
    handles = [
        Patch(facecolor=colour, hatch=hatch, edgecolor="white", label=kind)
        for (kind, _, hatch), colour in zip(KINDS, colours, strict=False)
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return figure


def _boxes(axis: Axes, table: list[dict[str, Any]], colours: list[str]) -> None:
    sides = [row["output"][0] if len(row["output"]) > 1 else 1 for row in table]
    highest, place = max(sides, default=1), 0.0
    for row, side in zip(table, sides, strict=True):
        for (_, types, hatch), colour in zip(KINDS, colours, strict=False):
            if row["type"] in types:
                height = max(side, LOWEST * highest)
                width = 0.3 + row["output"][-1] ** 0.5 / 12
                axis.add_patch(
                    Rectangle((place, -height / 2), width, height, facecolor=colour, hatch=hatch,
                              edgecolor="white", linewidth=0.3)
                )  # fmt: skip
                place += width + GAP
    axis.set_xlim(-GAP, max(place, 1))
    axis.set_ylim(-highest / 2 - 1, highest / 2 + 1)
    axis.axis("off")
