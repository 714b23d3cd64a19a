"""What captions say is to be seen in a figure or table, computed from the evidence."""

from collections import Counter
from typing import Any, NamedTuple

import numpy as np

from imagestudy.evidence import Evidence
from imagestudy.figures.many import CONFUSED_CLASSES, NAMED_CLASSES
from imagestudy.plausibility import Anchored, anchored
from imagestudy.races import races
from imagestudy.tables.pictures import EXTREMES, by_class


class Learned(NamedTuple):
    """Of an experiment's learning curves: how many, and what is at the epochs chosen.

    `last`: of how many runs the epoch chosen is the last. `gap`: by how much the running training
    accuracy is above that on the selection pictures there, the mean over runs.
    """

    runs: int
    last: int
    gap: float


def said(evidence: Evidence) -> dict[str, Any]:
    """All of it, by the names that the templates use."""
    learned_ = {name: learned(evidence, name) for name in evidence.experiments}
    found = races(evidence.ledgers, evidence.study["searches"])
    return {
        "learned": learned_,
        "last_chosen": sum(each.last for each in learned_.values()),
        "all_runs": sum(len(each["runs"]) for each in evidence.experiments.values()),
        "completed": sum(
            each["statuses"].get("completed", 0) for each in evidence.experiments.values()
        ),
        "uneven": {name: uneven(data) for name, data in evidence.datasets.items()},
        "confusion_shown": {
            name: min(len(data["classes"]), CONFUSED_CLASSES)
            for name, data in evidence.datasets.items()
            if len(data["classes"]) > NAMED_CLASSES
        },
        "hardest": {name: hardest(evidence, name) for name in evidence.examined["datasets"]},
        "lead_changes": any(race.changes for race in found),
        "highest": highest(evidence),
        "trial_statuses": trial_statuses(evidence),
        "believable": believable(anchored(evidence), list(evidence.of_role("modern"))),
    }


def learned(evidence: Evidence, name: str) -> Learned:
    """What the learning curves of an experiment show; runs without a chosen epoch do not count."""
    gaps, last = [], 0
    for run in evidence.experiments[name]["runs"]:
        history = evidence.histories[name][run["seed"]]
        chosen = history[history["epoch"] == run["best_epoch"]]
        if len(chosen):
            gaps.append(float((chosen["train_top1"] - chosen["selection_top1"]).iloc[0]))
            last += run["best_epoch"] == history["epoch"].max()
    return Learned(len(gaps), int(last), float(np.mean(gaps)) if gaps else 0.0)


def uneven(data: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """The splits whose classes differ in their pictures, with the least and the most of a class."""
    ends = {
        split: (min(each["per_class"]), max(each["per_class"]))
        for split, each in data["splits"].items()
    }
    return {split: (least, most) for split, (least, most) in ends.items() if least < most}


def hardest(evidence: Evidence, dataset: str) -> dict[str, int] | None:
    """Of the classes that the best network finds hardest, how many the others find hardest too.

    `of` each side's hardest classes `shared` are the same; the others count by their mean. None
    where there are no others.
    """
    found = evidence.examined["datasets"][dataset]
    others = [name for name in found["experiments"] if name != found["best"]]
    if not others:
        return None
    own = by_class(evidence, found["best"])
    mean = np.mean([by_class(evidence, name) for name in others], axis=0)
    number = min(EXTREMES, len(own) // 2)
    # Classes without pictures are not a number, and sorted last.
    sides = [set(np.argsort(each, kind="stable")[:number].tolist()) for each in (own, mean)]
    return {"of": number, "shared": len(sides[0] & sides[1])}


def highest(evidence: Evidence) -> dict[str, Any] | None:
    """The highest selection accuracy of all searches: `score`, and the `titles` that have it."""
    scores = [
        (best["score"], evidence.study["searches"][name]["title"])
        for name, found in evidence.best.items()
        for best in found
        if best["score"] is not None
    ]
    if not scores:
        return None
    score = max(scores)[0]
    titles = [title for each, title in scores if each == score]
    return {"score": score, "titles": list(dict.fromkeys(titles))}


def trial_statuses(evidence: Evidence) -> dict[str, int]:
    """How many trials of all searches ended how, the most frequent first."""
    ended = Counter(status for each in evidence.ledgers.values() for status in each["status"])
    return dict(ended.most_common())


def believable(known: list[Anchored], modern: list[str]) -> dict[str, int]:
    """How many anchored ones have a label, and how many modern recipes reach the target."""
    own = [each for each in known if each.experiment in modern]
    return {
        "labelled": sum(bool(each.label) for each in known),
        "modern": len(own),
        "reached": sum(each.ours >= each.anchor["target"] for each in own),
    }
