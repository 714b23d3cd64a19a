"""What the test pictures tell: who gets which right, the classes, and what is confused."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from imagestudy import latex, wording
from imagestudy.evidence import Evidence
from imagestudy.latex import LEFT, Table
from imagestudy.tables import links

EXTREMES = 5


def decomposition(evidence: Evidence) -> Table:
    """Of each data set the test pictures by how many networks get them, and each one's own."""
    rows, rules = [], []
    for dataset, found in evidence.examined["datasets"].items():
        rules.append(len(rows))
        rows.append(_heading(evidence, dataset, 4, f"{wording.count(found['pictures'])} pictures"))
        for name in found["experiments"]:
            first = min(evidence.examined["networks"][name], key=int)
            cells = [
                latex.accuracy(evidence.examined["networks"][name][first]["top1"]),
                latex.count(found["only"][name]),
                latex.count(found["classes"][name]),
            ]
            title = links.title(name, evidence.experiments[name]["title"])
            rows.append([title, *(links.cell(name, shown) for shown in cells)])
        for label, share in _shares(found):
            rows.append([rf"\emph{{{label}}}", latex.accuracy(share), "", ""])
    headings = ["network of the first seed", "accuracy", "pictures it alone gets"]
    return Table(f"{LEFT}rrr", [*headings, "classes it alone leads"], rows, rules=rules[1:])


def _shares(found: dict[str, Any]) -> Iterator[tuple[str, float]]:
    yield "all together (mean of their probabilities)", found["ensemble_top1"]
    for key, label in (
        ("right_by_all", "share of pictures that all get"),
        ("right_by_any", "share of pictures that any gets"),
        ("missed_by_all", "share of pictures that none gets"),
    ):
        yield label, found[key] / found["pictures"]


def classes(evidence: Evidence) -> Table:
    """The classes that the best experiment of each data set finds hardest and easiest."""
    rows, rules = [], []
    for dataset, found in evidence.examined["datasets"].items():
        rules.append(len(rows))
        best = found["best"]
        rows.append(_heading(evidence, dataset, 3, evidence.experiments[best]["title"]))
        own, mean = by_class(evidence, best), _mean_of_all(evidence, found["experiments"])
        order = [number for number in np.argsort(own, kind="stable") if own[number] == own[number]]
        few = len(order) <= 2 * EXTREMES
        for number in order if few else [*order[:EXTREMES], *order[-EXTREMES:]]:
            if not few and number == order[-EXTREMES]:
                rules.append(len(rows))
            rows.append(
                [
                    _class(evidence, dataset, number),
                    links.cell(best, latex.accuracy(own[number])),
                    latex.accuracy(mean[number]),
                ]
            )
    headings = ["class", "its accuracy", "mean over all experiments"]
    return Table(f"{LEFT}rr", headings, rows, rules=rules[1:])


def by_class(evidence: Evidence, name: str) -> np.ndarray:
    """An experiment's accuracy on each class, the mean over its seeds; NaN without pictures."""
    seeds = evidence.examined["networks"][name].values()
    return np.mean([np.array(each["per_class"], float) for each in seeds], axis=0)


def _mean_of_all(evidence: Evidence, names: list[str]) -> np.ndarray:
    return np.mean([by_class(evidence, name) for name in names], axis=0)


def confused(evidence: Evidence) -> Table:
    """The pairs of classes that the best experiment of each data set confuses most."""
    rows, rules = [], []
    for dataset, found in evidence.examined["datasets"].items():
        rules.append(len(rows))
        best = found["confusion"]["experiment"]
        rows.append(_heading(evidence, dataset, 3, evidence.experiments[best]["title"]))
        for pair in found["confusion"]["most"]:
            names = [_class(evidence, dataset, pair[key]) for key in ("label", "answer")]
            rows.append([*names, links.cell(best, latex.count(pair["pictures"]))])
    return Table(f"{LEFT}{LEFT}r", ["class", "taken for", "pictures"], rows, rules=rules[1:])


def duplicates(evidence: Evidence) -> Table:
    """The first groups of equal pictures that lie in several splits."""
    rows, rules = [], []
    for dataset, each in evidence.datasets.items():
        groups = each["duplicates"]["across"][:EXTREMES]
        if groups:
            rules.append(len(rows))
            rows.append(_heading(evidence, dataset, 2, "first groups"))
        for group in groups:
            members = [f"{split}: {source}" for split, source in group["sources"]]
            splits = " and ".join(group["splits"])
            rows.append([latex.escape(splits), latex.breakable("; ".join(members))])
    return Table(f"l{LEFT}", ["splits", "pictures that are equal"], rows, rules=rules[1:])


def _heading(evidence: Evidence, dataset: str, columns: int, about: str) -> list[str]:
    title = latex.title(evidence.datasets[dataset]["title"])
    text = rf"\emph{{{title}}} ({latex.title(about)})"
    # A paragraph: titles may be longer than a line.
    return [rf"\multicolumn{{{columns}}}{{@{{}}p{{\linewidth}}@{{}}}}{{{text}}}"]


def _class(evidence: Evidence, dataset: str, number: int) -> str:
    return latex.title(evidence.datasets[dataset]["classes"][number]["title"].split(",")[0])
