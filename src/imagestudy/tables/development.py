"""What was tried, on selection pictures, before the study was declared as it is."""

from typing import Any

import pandas as pd

from imagestudy import latex
from imagestudy.evidence import Evidence
from imagestudy.latex import Table
from imagestudy.tables import links
from imagestudy.tables.searches import tried

DEVICES = {"cpu": "processor threads", "gpu": "a GPU"}


def developed(evidence: Evidence) -> Table:
    """The experiments with the tries behind each, what they took, and the best."""
    rows = []
    for name, tries in _by_recipe(evidence):
        spent = tries.groupby("device")["device_seconds"].sum()
        cells = [
            latex.count(len(tries)),
            *(latex.duration(spent.get(device)) for device in DEVICES),
            latex.accuracy(_best(tries["score"])),
        ]
        rows.append([links.title(name, evidence.experiments[name]["title"]), *cells])
    headings = ["experiment", "tries", "threads", "GPU", "best selection"]
    return Table("lrrrr", headings, rows)


def together(evidence: Evidence) -> dict[str, Any] | None:
    """The `number` of all tries, and the device time `spent` on them, by device; None if none."""
    tries = evidence.development
    if tries.empty:
        return None
    spent = tries.groupby("device")["device_seconds"].sum()
    return {
        "number": len(tries),
        "spent": [
            f"{latex.duration(spent[device])} of {words}"
            for device, words in DEVICES.items()
            if device in spent
        ],
    }


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
                    tried(row),
                    latex.count(row["epochs"]),
                    latex.escape(row["status"]),
                    latex.accuracy(_best([row["score"]])),
                    latex.duration(row["device_seconds"]),
                    row["device"].upper(),
                ]
            )
    headings = ["experiment", "what", "epochs", "status", "score", "time", "device"]
    align = f"{latex.left(25)}{latex.left(53)}r{latex.left(20)}rrl"
    return Table(align, headings, rows, rules=rules[1:])


def _by_recipe(evidence: Evidence) -> list[tuple[str, pd.DataFrame]]:
    groups = evidence.development.groupby("experiment", sort=False)
    return [(name, tries) for name, tries in groups if name in evidence.experiments]


def _best(scores: Any) -> float | None:
    known = [score for score in scores if score == score]
    return max(known, default=None)
