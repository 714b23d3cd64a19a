"""How the recipes were developed: every try of a person, on selection pictures."""

import json
from typing import Any

import pandas as pd

from imagestudy import latex
from imagestudy.evidence import Evidence
from imagestudy.latex import Table
from imagestudy.tables import links


def developed(evidence: Evidence) -> Table:
    """The recipes with the tries behind each, what they took, and the best."""
    rows = []
    for name, tries in _by_recipe(evidence):
        cells = [
            latex.count(len(tries)),
            latex.duration(tries["device_seconds"].sum()),
            latex.accuracy(_best(tries["score"])),
        ]
        rows.append([links.title(name, evidence.experiments[name]["title"]), *cells])
    return Table("lrrr", ["recipe", "tries", "device time", "best selection"], rows)


def tries(evidence: Evidence) -> Table:
    """Every try, with what was declared of it."""
    rows, rules = [], []
    for name, found in _by_recipe(evidence):
        rules.append(len(rows))
        for number, row in enumerate(found.to_dict("records")):
            title = latex.title(evidence.experiments[name]["title"])
            rows.append(
                [
                    title if number == 0 else "",
                    _declared(row),
                    latex.count(row["epochs"]),
                    latex.escape(row["status"]),
                    latex.accuracy(_best([row["score"]])),
                    latex.duration(row["device_seconds"]),
                ]
            )
    headings = ["recipe", "what", "epochs", "status", "score", "device"]
    align = f"{latex.left(30)}{latex.left(58)}r{latex.left(20)}rr"
    return Table(align, headings, rows, rules=rules[1:])


def _by_recipe(evidence: Evidence) -> list[tuple[str, pd.DataFrame]]:
    groups = evidence.development.groupby("experiment", sort=False)
    return [(name, tries) for name, tries in groups if name in evidence.experiments]


def _best(scores: Any) -> float | None:
    known = [score for score in scores if score == score]
    return max(known, default=None)


def _declared(row: dict[str, Any]) -> str:
    declared = json.loads(row["hyperparameters"])
    values = {**declared["network"], **declared["training"]}
    shown = [f"{key.replace('_', ' ')} {json.dumps(value)}" for key, value in values.items()]
    return latex.escape("; ".join(shown).replace('"', ""))
