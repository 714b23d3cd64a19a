"""What results cost: device time to an equal accuracy, and when which search leads."""

from typing import Any, NamedTuple

import pandas as pd

from imagestudy.evidence import Evidence, Pair
from imagestudy.sources import STUDY


def seconds_to_equal_accuracy(evidence: Evidence, pair: Pair) -> list[list[float]]:
    """Device-seconds of each side, paired by seed, until it has what both reach.

    That is the lower of the two runs' best selection accuracies. What a run spends before its
    first epoch, such as the features of frozen layers, counts.
    """
    runs = [
        {run["seed"]: run for run in evidence.experiments[name]["runs"] if run["epochs"]}
        for name in pair
    ]
    times: list[list[float]] = [[], []]
    for seed in sorted(runs[0].keys() & runs[1].keys()):
        histories = [evidence.histories[name][seed] for name in pair]
        reached = min(history["selection_top1"].max() for history in histories)
        for side, history, known in zip(times, histories, runs, strict=True):
            epoch = (history["selection_top1"] >= reached).idxmax()
            seconds = known[seed]["seconds"]["training"] - history["seconds"].iloc[-1]
            devices = known[seed]["device_seconds"] / known[seed]["seconds"]["total"]
            side.append(float((seconds + history["seconds"][epoch]) * devices))
    return times


def device_seconds_in_all(evidence: Evidence, name: str) -> float:
    """Device-seconds of a run of an experiment, of its search and of what it starts from.

    What others trained, such as ImageNet's weights, cost us nothing.
    """
    each = evidence.experiments[name]
    spent = each["device_seconds"]["mean"] + (each["search"] or {}).get("device_seconds", 0)
    if each["start"]["provenance"] != STUDY:
        return spent
    return spent + device_seconds_in_all(evidence, each["start"]["name"])


class Race(NamedTuple):
    """AutoKeras's and a person's search on the same data, by the names of the searches.

    It begins when both have a score. `changes`: where the best score so far of the first seed's
    search passes that of the other, each as `device_seconds`, and `score` and `leader` of the one
    that leads from there on. `leader` is the one that leads when the cheaper one ends, None where
    they are equal, or where those `without_score` have none until then.
    """

    dataset: str
    autokeras: str
    hand: str
    changes: list[dict[str, Any]]
    leader: str | None
    without_score: tuple[str, ...]


def races(ledgers: dict[str, pd.DataFrame], searches: dict[str, dict[str, Any]]) -> list[Race]:
    """The first search of AutoKeras and the first by hand, for each data set that has both."""
    found: dict[str, dict[str, str]] = {}
    for name, each in searches.items():
        if each["proposer"] in ("autokeras", "hand"):
            found.setdefault(each["dataset"], {}).setdefault(each["proposer"], name)
    return [
        Race(dataset, own["autokeras"], own["hand"], *_race(ledgers, own))
        for dataset, own in found.items()
        if len(own) > 1
    ]


def _race(
    ledgers: dict[str, pd.DataFrame], names: dict[str, str]
) -> tuple[list[dict[str, Any]], str | None, tuple[str, ...]]:
    curves = []
    for name in names.values():
        ledger = ledgers[name][ledgers[name]["seed"] == ledgers[name]["seed"].min()]
        curve = ledger.set_index("cumulative_device_seconds")["best_so_far"].rename(name)
        curves.append(curve[~curve.index.duplicated(keep="last")])
    # What the dearer search finds later, the cheaper one had no time for.
    end = min(curve.index.max() for curve in curves)
    so_far = pd.concat(curves, axis=1).sort_index().ffill().loc[:end]
    without = tuple(so_far.columns[so_far.isna().all()])
    both = so_far.dropna()
    changes, leader, at_the_end = [], None, None
    for seconds, scores in both.iterrows():
        at_the_end = None if scores.nunique() == 1 else scores.idxmax()
        if at_the_end and leader and at_the_end != leader:
            changes.append(
                {"device_seconds": seconds, "score": float(scores.max()), "leader": at_the_end}
            )
        leader = at_the_end or leader
    return changes, at_the_end, without
