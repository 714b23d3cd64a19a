"""Races of AutoKeras against a person: when which of two searches leads."""

from typing import Any, NamedTuple

import pandas as pd


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
