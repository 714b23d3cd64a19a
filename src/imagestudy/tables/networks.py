"""The table of a network, made from the layers of the model itself."""

from itertools import groupby
from typing import Any

from imagestudy import latex, wording
from imagestudy.evidence import Evidence
from imagestudy.latex import Table

LONGEST = 30


def layers(network: dict[str, Any] | None) -> Table:
    """The layers of a network; where there are very many, equal neighbours share a row.

    What is frozen is marked in a column of its own, where anything is.
    """
    table = network["table"] if network else []
    marked = frozen(network)
    shortened = too_long(network)
    rows = [_layer(row, named=not shortened, marked=marked) for row in table]
    first = "" if shortened else "layer"
    headings = [first, "type", "output", "window", "parameters", *(["trained"] * marked)]
    align = ("l" if shortened else latex.left(54)) + "lllr" + "l" * marked
    return Table(align, headings, _shortened(rows) if shortened else rows)


def frozen(network: dict[str, Any] | None) -> bool:
    """Whether a layer with parameters keeps them."""
    return network is not None and any(_is_frozen(row) for row in network["table"])


def too_long(network: dict[str, Any] | None) -> bool:
    """Whether the table of a network is shortened."""
    return network is not None and len(network["table"]) > LONGEST


def same_layers(evidence: Evidence, name: str) -> str | None:
    """An experiment before this one whose network differs at most in its last layer."""
    own = evidence.experiments[name]["network"]
    for other, each in evidence.experiments.items():
        if other == name or not own:
            return None
        if each["network"] and each["network"]["table"][:-1] == own["table"][:-1]:
            return other
    return None


def _is_frozen(row: dict[str, Any]) -> bool:
    return row["parameters"] > 0 and not row["trainable"]


def _layer(row: dict[str, Any], named: bool, marked: bool) -> list[str]:
    cells = [
        latex.code(row["name"]) if named else "",
        latex.escape(row["type"]),
        r"\,\texttimes\,".join(map(latex.escape, row["output"])),
        latex.escape((row["kernel"] or row["pool"] or "").replace("x", "×")),
        latex.count(row["parameters"]) if row["parameters"] else "",
    ]
    if not marked:
        return cells
    trained = "frozen" if _is_frozen(row) else "yes"
    return [*cells, trained if row["parameters"] else ""]


def _shortened(rows: list[list[str]]) -> list[list[str]]:
    shown = []
    for key, members in groupby(rows, key=tuple):
        times = len(list(members))
        shown.append([rf"{times}\,\texttimes" if times > 1 else "", *key[1:]])
    middle = len(shown) - LONGEST
    if middle <= 0:
        return shown
    gap = ["", rf"\emph{{{wording.plural(middle, 'row')} left out}}", *[""] * (len(rows[0]) - 2)]
    return [*shown[: LONGEST // 2], gap, *shown[-(LONGEST // 2) :]]
