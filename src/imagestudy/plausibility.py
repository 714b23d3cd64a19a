"""Whether results are believable: against published anchors, guessing, and the expected order."""

from typing import Any, NamedTuple

import pandas as pd

from imagestudy import statistics, wording
from imagestudy.errors import StudyError
from imagestudy.evidence import Evidence

UNDER_TRAINED, GUESSING = "under-trained", "no better than guessing"


class Anchored(NamedTuple):
    """A test accuracy beside its anchor, the row of `report/anchors.yaml`.

    `label` is `under-trained` (of a better recipe below what it must beat), `no better than
    guessing`, or empty.
    """

    experiment: str
    ours: float
    anchor: dict[str, Any]
    label: str


def anchor(evidence: Evidence, name: str) -> dict[str, Any] | None:
    """The anchor of an experiment: its own or that of the one it improves, on official data."""
    each = evidence.experiments[name]
    own = name if each["role"] == "original" else each["improves"]
    row = evidence.original["rows"].get(own)
    data = evidence.datasets[each["dataset"]]
    if row is None or data["source"] != "official" or each["dataset"] != row["dataset"]:
        return None
    return evidence.anchors["rows"][own]


def anchored(evidence: Evidence) -> list[Anchored]:
    """Every measured experiment that has an anchor."""
    found = []
    for name in evidence.experiments:
        row, ours = anchor(evidence, name), evidence.estimate(name, "test_top1").mean
        if row is not None and ours is not None:
            found.append(Anchored(name, ours, row, label(evidence, name)))
    return found


def anchors_frame(evidence: Evidence) -> pd.DataFrame:
    """A row for each experiment that has an anchor: its test accuracy, the bars, and the label."""
    bars = ("original", "must_beat", "target", "cannot_be_true", "protocol", "source")
    rows = [
        {"experiment": each.experiment, "test_top1": each.ours, "label": each.label}
        | {key: each.anchor[key] for key in bars}
        for each in anchored(evidence)
    ]
    return pd.DataFrame(rows, columns=["experiment", "test_top1", "label", *bars])


def label(evidence: Evidence, name: str) -> str:
    """What a reader must know of an experiment's test accuracy, or nothing."""
    found, row = evidence.estimate(name, "test_top1"), anchor(evidence, name)
    if found.mean is None:
        return ""
    chance = evidence.chance(evidence.experiments[name]["dataset"])
    if statistics.wilson(found.mean, found.pictures)[0] <= chance:
        return GUESSING
    modern = evidence.experiments[name]["role"] == "modern"
    return UNDER_TRAINED if modern and row and found.mean < row["must_beat"] else ""


def require_plausible(evidence: Evidence) -> None:
    """Refuse a test accuracy above what its anchor says can be true.

    Networks that have seen the pictures before are not judged: they are flagged.
    """
    for each in anchored(evidence):
        highest = each.anchor["cannot_be_true"]
        if each.ours > highest and not evidence.has_seen(each.experiment):
            raise StudyError(
                f"report/anchors.yaml: {each.experiment} has a test accuracy of "
                f"{wording.accuracy(each.ours)}, and above {wording.accuracy(highest)} it cannot "
                f"be true: {' '.join(each.anchor['reason'].split())}. Look for a fault in data, "
                "labels or metric; if the result stands, say in report/anchors.yaml why"
            )


def surprises(evidence: Evidence) -> list[str]:
    """Pairs whose order is not the expected one, in words."""
    found = []
    for each in ordered(evidence):
        if each["lower_test_top1"] > each["higher_test_top1"]:
            first, second = (evidence.experiments[each[s]]["title"] for s in ("lower", "higher"))
            found.append(
                f"{first} ({wording.accuracy(each['lower_test_top1'])}) is above {second} "
                f"({wording.accuracy(each['higher_test_top1'])}), although {each['reason']}"
            )
    return found


def ordered(evidence: Evidence) -> list[dict[str, Any]]:
    """The expected orders of which both sides are measured and anchored, with their accuracies."""
    found = []
    for each in evidence.anchors["expected_order"]:
        pair = (each["lower"], each["higher"])
        if not all(name in evidence.experiments and anchor(evidence, name) for name in pair):
            continue
        lower, higher = (evidence.estimate(name, "test_top1").mean for name in pair)
        if lower is not None and higher is not None:
            found.append(each | {"lower_test_top1": lower, "higher_test_top1": higher})
    return found
