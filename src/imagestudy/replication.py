"""Whether each published cell was replicated, by the rules declared in `report/original.yaml`."""

from typing import Any, NamedTuple

from imagestudy import wording
from imagestudy.evidence import Evidence

REPLICATED, HIGHER, LOWER = "replicated", "higher", "lower"
NOT_COMPARABLE = "not comparable"
ORDER = (REPLICATED, HIGHER, LOWER, NOT_COMPARABLE)


class Verdict(NamedTuple):
    """The verdict on one published cell; `theirs` keeps the digits of the source."""

    experiment: str
    cell: str
    theirs: str
    ours: float | None
    low: float | None
    high: float | None
    seeds: int
    difference: float | None
    verdict: str
    reason: str


def verdicts(evidence: Evidence) -> list[Verdict]:
    """Two verdicts, on train and on validation, for each of the original's rows we repeat."""
    found = []
    for name in evidence.of_role("original"):
        row = evidence.row(name)
        if row:
            obstacle = not_comparable(evidence, name, row)
            found.append(_validation(evidence, name, row, obstacle))
            found.insert(len(found) - 1, _train(evidence, name, row, obstacle))
    return found


def not_comparable(evidence: Evidence, name: str, row: dict[str, Any]) -> str | None:
    """The first reason why an experiment's row cannot be compared with the original's."""
    each = evidence.experiments[name]
    data = evidence.datasets[each["dataset"]]
    settings = each["settings"]
    if data["source"] == "generated":
        return "generated data"
    if each["dataset"] != row["dataset"] or data["source"] != "official":
        return "other data than the original's"
    if each["start"]["provenance"] != row["start"]:
        needed = "ImageNet weights" if row["start"] == "imagenet" else "random weights"
        start = each["start"]["name"]
        ours = evidence.experiments[start]["title"] if start in evidence.experiments else start
        return f"starts from our {ours}, the original from {needed}"
    if data["settings"].get("train_pictures_per_class") or settings["training"].get("pictures"):
        return "trained on a part of the pictures"
    if data["settings"].get("test_pictures_per_class"):
        return "tested on a part of the pictures"
    if settings["network"].get("width", 1) != 1:
        return "a narrower network than the original's"
    if settings["network"].get("batch_normalization") and not each["search"]:
        return "batch normalization, which the original's network lacks"
    if not evidence.estimate(name, "test_top1").seeds:
        return "no run ended in a network"
    return None


def judge(theirs: float, ours: float, tolerance: float) -> str:
    """Replicated within the tolerance (rounding aside), else higher or lower."""
    if abs(ours - theirs) <= tolerance + 1e-9:
        return REPLICATED
    return HIGHER if ours > theirs else LOWER


def _validation(
    evidence: Evidence, name: str, row: dict[str, Any], obstacle: str | None
) -> Verdict:
    found = evidence.estimate(name, "test_top1")
    shown = _shown(name, "validation", row, found)
    if obstacle:
        return Verdict(*shown, None, NOT_COMPARABLE, obstacle)
    difference = found.mean - float(row["validation"])
    tolerance = evidence.original["replication"]["tolerance"]
    verdict = judge(float(row["validation"]), found.mean, tolerance)
    return Verdict(*shown, difference, verdict, _rule(evidence, name, tolerance))


def _train(evidence: Evidence, name: str, row: dict[str, Any], obstacle: str | None) -> Verdict:
    evaluated = evidence.estimate(name, "train_top1")
    running = evidence.estimate(name, "running_train_top1")
    shown = _shown(name, "train", row, evaluated)
    if obstacle:
        return Verdict(*shown, None, NOT_COMPARABLE, obstacle)
    theirs, tolerance = float(row["train"]), evidence.original["replication"]["tolerance"]
    both = {judge(theirs, each.mean, tolerance) for each in (evaluated, running)}
    difference = evaluated.mean - theirs
    if len(both) > 1:
        reason = "evaluated and running training accuracy lead to different verdicts"
        return Verdict(*shown, difference, NOT_COMPARABLE, reason)
    return Verdict(*shown, difference, both.pop(), _rule(evidence, name, tolerance))


def _rule(evidence: Evidence, name: str, tolerance: float) -> str:
    each = evidence.experiments[name]
    epochs = max(run["epochs"] for run in each["runs"])
    rule = f"tolerance {tolerance}; ours trained for {wording.plural(epochs, 'epoch')}"
    looks = {"mirrored": "flip_test", "shifted": "shift_test"}
    also = [how for how, key in looks.items() if evidence.training(name)[key]]
    if also:
        rule += f", its probabilities averaged over {wording.listing(also)} pictures too"
    if each["search"] and each["search"]["proposer"] == "autokeras":
        return f"{rule}; {evidence.original['autokeras']['differ']} of the search differ"
    return rule


def _shown(name: str, cell: str, row: dict[str, Any], found: Any) -> tuple[Any, ...]:
    return name, cell, row[cell], found.mean, found.low, found.high, found.seeds
