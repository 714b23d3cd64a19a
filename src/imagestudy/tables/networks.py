"""Tables of networks, made from the layers of the models themselves."""

from itertools import groupby
from typing import Any

from imagestudy import latex, wording
from imagestudy.evidence import Evidence
from imagestudy.latex import Table
from imagestudy.tables.summary import LEFT

LONGEST = 30


def layers(network: dict[str, Any] | None) -> Table:
    """The layers of a network; where there are very many, equal neighbours share a row."""
    table = network["table"] if network else []
    rows = [_layer(row) for row in table]
    if len(rows) > LONGEST:
        rows = _shortened([_layer(row, named=False) for row in table])
    headings = ["layer", "type", "output", "window", "parameters"]
    return Table(f"@{{}}{LEFT}lllr@{{}}", headings, rows)


def _layer(row: dict[str, Any], named: bool = True) -> list[str]:
    return [
        latex.code(row["name"]) if named else "",
        latex.escape(row["type"]),
        r"\,\texttimes\,".join(str(length) for length in row["output"]),
        latex.escape((row["kernel"] or row["pool"] or "").replace("x", "×")),
        latex.count(row["parameters"]) if row["parameters"] else "",
    ]


def _shortened(rows: list[list[str]]) -> list[list[str]]:
    shown = []
    for key, members in groupby(rows, key=tuple):
        times = len(list(members))
        shown.append([rf"{times}\,\texttimes" if times > 1 else "", *key[1:]])
    middle = len(shown) - LONGEST
    if middle <= 0:
        return shown
    left_out = f"{wording.word(middle)} rows left out"
    gap = [rf"\emph{{{left_out}}}", "", "", "", ""]
    return [*shown[: LONGEST // 2], gap, *shown[-(LONGEST // 2) :]]


def parts(table: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """What a convolutional network is made of: (part, description), from its layers.

    Convolutions up to a pooling are a block; the flattened map and the dense layers follow.
    """
    found, convolutions = [], []
    for row in table:
        if row["type"] == "Conv2D":
            convolutions.append(row["output"][-1])
        elif row["pool"] and convolutions:
            found.append((f"block {len(found) + 1}", _block(len(convolutions), convolutions[-1])))
            convolutions = []
    dense = [row["output"][0] for row in table if row["type"] == "Dense"]
    flat = [row["output"][0] for row in table if row["type"] == "Flatten"]
    found += [("flattened map", str(units)) for units in flat]
    found += [(f"dense {number}", str(units)) for number, units in enumerate(dense[:-1], start=1)]
    return [*found, ("softmax over", f"{dense[-1]} classes")]


def stated_parts(stated: dict[str, Any]) -> list[tuple[str, str]]:
    """What the original says its VGG-16 is made of, in the words of `parts`.

    The first of its three dense layers has the size of the flattened map.
    """
    blocks = [
        (f"block {number}", _block(block["convolutions"], block["maps"]))
        for number, block in enumerate(stated["blocks"], start=1)
    ]
    flat, *units = stated["dense"]
    dense = [(f"dense {number}", str(size)) for number, size in enumerate(units, start=1)]
    return [
        *blocks,
        ("flattened map", f"FC {flat}"),
        *dense,
        ("softmax over", f"{stated['classes']} classes"),
    ]


def _block(convolutions: int, maps: int) -> str:
    return f"{convolutions} convolutions of {maps} maps"


def beside_original(evidence: Evidence) -> Table:
    """The original's VGG-16 beside this study's, part by part; differences are marked."""
    stated = evidence.original["vgg16"]
    network = _network(evidence)
    ours = dict(parts(network["table"])) if network else {}
    size = _input(evidence)
    rows = [
        ["input", latex.escape(stated["input"]), latex.escape(size), _mark(stated["input"], size)]
    ]
    for part, theirs in stated_parts(stated):
        mine = ours.get(part, "")
        rows.append([part, latex.escape(theirs), latex.escape(mine or "–"), _mark(theirs, mine)])
    return Table(f"@{{}}l{LEFT}{LEFT}l@{{}}", ["part", "the original", "this study", ""], rows)


def differing_parts(evidence: Evidence) -> list[str]:
    """The parts in which this study's VGG-16 differs from what the original states."""
    return [row[0] for row in beside_original(evidence).rows if row[-1]]


def _mark(theirs: str, mine: str) -> str:
    return "" if theirs == mine else "differs"


def _network(evidence: Evidence) -> dict[str, Any] | None:
    name = evidence.original["vgg16"]["experiment"]
    return evidence.experiments[name]["network"] if name in evidence.experiments else None


def _input(evidence: Evidence) -> str:
    name = evidence.original["vgg16"]["experiment"]
    if name not in evidence.experiments:
        return ""
    size = evidence.datasets[evidence.experiments[name]["dataset"]]["image_size"]
    return f"{size} × {size}"
