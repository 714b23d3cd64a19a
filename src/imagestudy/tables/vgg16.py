"""What the original calls VGG-16, beside the network trained here."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from imagestudy import latex, wording
from imagestudy.evidence import Evidence
from imagestudy.latex import LEFT, Table

INPUT, FLAT, CLASSES = "input", "flattened map", "softmax over"


class Part(NamedTuple):
    """A part of the network: how many convolutions (None where none belong there) and how wide."""

    name: str
    convolutions: int | None
    size: int
    pooling: str = ""


def parts(table: list[dict[str, Any]]) -> list[Part]:
    """What a convolutional network is made of, from its layers.

    Convolutions up to a pooling are a block; the flattened map, the dense layers and the classes
    follow.
    """
    found, convolutions = [], []
    for row in table:
        if row["type"] == "Conv2D":
            convolutions.append(row["output"][-1])
        elif row["pool"] and convolutions:
            name, pool = f"block {len(found) + 1}", row["pool"].replace("x", " × ")
            found.append(Part(name, len(convolutions), convolutions[-1], pool))
            convolutions = []
    dense = [row["output"][0] for row in table if row["type"] == "Dense"]
    found += [Part(FLAT, None, row["output"][0]) for row in table if row["type"] == "Flatten"]
    return [*found, *_ends(dense[:-1], dense[-1])]


def stated_parts(stated: dict[str, Any]) -> list[Part]:
    """What the original says its VGG-16 is made of, in the words of `parts`.

    The first of its three dense layers has the size of the flattened map.
    """
    blocks = [
        Part(f"block {number}", block["convolutions"], block["maps"], block["pooling"])
        for number, block in enumerate(stated["blocks"], start=1)
    ]
    flat, *units = stated["dense"]
    return [*blocks, Part(FLAT, None, flat), *_ends(units, stated["classes"])]


def _ends(units: list[int], classes: int) -> Iterator[Part]:
    for number, size in enumerate(units, start=1):
        yield Part(f"dense {number}", None, size)
    yield Part(CLASSES, None, classes)


def beside_original(evidence: Evidence) -> Table:
    """The original's VGG-16 beside this study's, part by part, and how they differ."""
    experiment = _experiment(evidence)
    stated = evidence.original["vgg16"]
    network = experiment and experiment["network"]
    ours = {part.name: part for part in parts(network["table"])} if network else {}
    size = experiment and evidence.datasets[experiment["dataset"]]["image_size"]
    own_input = f"{size} × {size}" if size else wording.MISSING
    rows = [_row(INPUT, stated["input"], own_input, differences(evidence).get(INPUT, ""))]
    for theirs in stated_parts(stated):
        mine = ours.get(theirs.name)
        difference = differences(evidence).get(theirs.name, "")
        shown = _words(mine) if mine else wording.MISSING
        theirs_shown = f"FC {theirs.size}" if theirs.name == FLAT else _words(theirs)
        rows.append(_row(theirs.name, theirs_shown, shown, difference))
    return Table(f"l{LEFT}{LEFT}l", ["part", "the original", "this study", "why"], rows)


def differences(evidence: Evidence) -> dict[str, str]:
    """The parts in which this study's VGG-16 differs from what the original states, and why.

    None where it was not trained. The maps and units of a narrowed network differ for that alone.
    """
    experiment = _experiment(evidence)
    if not experiment or not experiment["network"]:
        return {}
    stated = evidence.original["vgg16"]
    width = experiment["settings"]["network"].get("width", 1)
    size = evidence.datasets[experiment["dataset"]]["image_size"]
    found = {} if stated["input"] == f"{size} × {size}" else {INPUT: "our pictures"}
    ours = {part.name: part for part in parts(experiment["network"]["table"])}
    for theirs in stated_parts(stated):
        mine = ours.get(theirs.name)
        if mine is None or mine.convolutions != theirs.convolutions:
            found[theirs.name] = "as published" if width == 1 else "as published, narrowed"
        elif mine.size != theirs.size:
            reasons = {FLAT: "our input", CLASSES: "our classes"}
            narrowed = mine.size == round(theirs.size * width)
            found[theirs.name] = reasons.get(theirs.name, "narrowed" if narrowed else "differs")
    return found


def named_differences(evidence: Evidence) -> list[str]:
    """The parts that differ for another reason than that the network is narrowed."""
    return [name for name, why in differences(evidence).items() if why != "narrowed"]


def _experiment(evidence: Evidence) -> dict[str, Any] | None:
    return evidence.experiments.get(evidence.original["vgg16"]["experiment"])


def _words(part: Part) -> str:
    if part.name == CLASSES:
        return f"{part.size} classes"
    if part.convolutions is None:
        return str(part.size)
    return f"{part.convolutions} × {part.size} maps, pooling {part.pooling}"


def _row(name: str, theirs: str, ours: str, difference: str) -> list[str]:
    return [name, latex.escape(theirs), latex.escape(ours), difference]
