"""What the test pictures tell: every network's answers, measured, compared and taken apart."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from imagestudy import statistics
from imagestudy.errors import StudyError
from imagestudy.evidence import has_seen
from imagestudy.predictions import (
    Predictions,
    calibration_error,
    confusion,
    per_class,
    read_predictions,
    reliability,
)
from imagestudy.results import read_json

SHOWN = 8
MOST_CONFUSED = 8

Networks = dict[str, dict[int, Predictions]]


def examine(
    study: dict[str, Any], summaries: Iterable[str], data: Iterable[str], predictions: Iterable[str]
) -> dict[str, Any]:
    """Everything that is measured on saved predictions, as JSON.

    Of `study` the names of the `experiments` and the `families` count. The others are paths: of the
    experiments' result files, of the data sets' dataset.json, and of the predictions of all runs,
    `.../<experiment>/seed-<n>/predictions.npz`.

    Gives `networks` (by experiment and seed: log loss, calibration, accuracy of each class),
    `pairs` (of each family and seed that both have: who gets what right), and `datasets` (what
    all miss, what only one gets, what an ensemble gains, and what the best confuses).
    """
    experiments = {Path(path).stem: read_json(Path(path)) for path in summaries}
    datasets = {Path(path).parent.name: read_json(Path(path)) for path in data}
    paths: dict[str, dict[int, Path]] = {}
    for path in map(Path, predictions):
        seed = int(path.parent.name.removeprefix("seed-"))
        paths.setdefault(path.parent.parent.name, {})[seed] = path
    measured: dict[str, Any] = {"networks": {}, "pairs": [], "datasets": {}}
    for dataset, description in datasets.items():
        own = {name: experiments[name] for name in study["experiments"]}
        own = {name: each for name, each in own.items() if each["dataset"] == dataset}
        networks = {name: _read(paths[name]) for name in own}
        _require_same_pictures(dataset, networks, paths)
        measured["networks"] |= {
            name: {str(seed): _measured(each) for seed, each in seeds.items()}
            for name, seeds in networks.items()
        }
        for family, pairs in study["families"].items():
            measured["pairs"] += compared(family, [p for p in pairs if p[0] in own], networks)
        ranked = {
            name: networks[name]
            for name, each in own.items()
            if networks[name] and not has_seen(each, description)
        }
        if ranked:
            scores = {name: _selection_top1(own[name], seeds) for name, seeds in ranked.items()}
            measured["datasets"][dataset] = taken_apart(ranked, scores)
    measured["pairs"] = [
        row
        for family in study["families"]
        for row in _adjusted([row for row in measured["pairs"] if row["family"] == family])
    ]
    return measured


def _read(paths: dict[int, Path]) -> dict[int, Predictions]:
    """The predictions of each seed whose network gave some that are numbers."""
    read = {seed: read_predictions(path) for seed, path in sorted(paths.items())}
    return {seed: each for seed, each in read.items() if each.finite}


def _require_same_pictures(
    dataset: str, networks: Networks, paths: dict[str, dict[int, Path]]
) -> None:
    known = None
    for name, seeds in networks.items():
        for seed, each in seeds.items():
            known = each.labels if known is None else known
            if not np.array_equal(known, each.labels):
                raise StudyError(
                    f"{paths[name][seed]}: its pictures are not those of the other predictions on "
                    f"{dataset}; remove it and run again, so that all are of the same test pictures"
                )


def _measured(predictions: Predictions) -> dict[str, Any]:
    own = predictions.probabilities[np.arange(len(predictions.labels)), predictions.labels]
    bins = reliability(predictions)
    return {
        "pictures": len(predictions.labels),
        "top1": float(predictions.correct.mean()),
        "log_loss": float(-np.log(np.maximum(own, np.finfo(np.float32).tiny)).mean()),
        "calibration_error": calibration_error(bins),
        "reliability": bins,
        "per_class": per_class(predictions),
    }


def compared(family: str, pairs: list[list[str]], networks: Networks) -> list[dict[str, Any]]:
    """Both networks of each pair, for each seed that both have."""
    rows = []
    for first, second in pairs:
        for seed in sorted(networks[first].keys() & networks[second].keys()):
            right = (networks[name][seed].correct for name in (first, second))
            told = statistics.disagreement(*right, seed)._asdict()
            rows.append({"family": family, "first": first, "second": second, "seed": seed, **told})
    return rows


def _adjusted(family: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of a family with `p_adjusted`, after Holm over all of them."""
    adjusted = statistics.holm([row["p"] for row in family])
    return [row | {"p_adjusted": p} for row, p in zip(family, adjusted, strict=True)]


def _selection_top1(summary: dict[str, Any], seeds: dict[int, Predictions]) -> float:
    """Of an experiment's first network."""
    (first,) = [run for run in summary["runs"] if run["seed"] == min(seeds)]
    return first["metrics"]["selection"]["top1"]


def taken_apart(networks: Networks, scores: dict[str, float]) -> dict[str, Any]:
    """The pictures of one data set by which networks get them right, one network an experiment.

    That is the one of its first seed. `only` and `classes` count by experiment the pictures that
    it alone gets right and the classes on which it alone is best. Pictures to show are given by
    their row in the test split. `best` is the one with the highest of the `scores`, which are of
    other pictures: the best on these would be too good by chance.
    """
    first = {name: seeds[min(seeds)] for name, seeds in networks.items()}
    names = list(first)
    labels = first[names[0]].labels
    right = np.stack([each.correct for each in first.values()])
    together = Predictions(np.mean([each.probabilities for each in first.values()], axis=0), labels)
    times = right.sum(axis=0)
    accuracies = right.mean(axis=1)
    # One network is not alone among others.
    alone = np.flatnonzero((times == 1) & (len(names) > 1))
    winners = right[:, alone].argmax(axis=0)
    best = names.index(max(scores, key=scores.__getitem__))
    return {
        "experiments": names,
        "pictures": len(labels),
        "missed_by_all": int((times == 0).sum()),
        "right_by_all": int((times == len(names)).sum()),
        "right_by_any": int((times > 0).sum()),
        "only": {name: int((winners == number).sum()) for number, name in enumerate(names)},
        "classes": dict(zip(names, _classes_won(first), strict=True)),
        "best": names[best],
        "best_top1": float(accuracies[best]),
        "ensemble_top1": float(together.correct.mean()),
        "ensemble": statistics.disagreement(together.correct, right[best], 0)._asdict(),
        "missed": _missed(together, np.flatnonzero(times == 0)),
        "alone": _alone(alone, winners, first),
        "confusion": _confused(names[best], networks[names[best]]),
    }


def _classes_won(networks: dict[str, Predictions]) -> list[int]:
    by_class = np.array([per_class(each) for each in networks.values()], float)
    known = by_class[:, ~np.isnan(by_class[0])]
    top = known == known.max(axis=0)
    return (top & (top.sum(axis=0) == 1)).sum(axis=1).tolist()


def _missed(together: Predictions, rows: np.ndarray) -> list[dict[str, int]]:
    """Of those that all miss, the ones of which all together are most sure; classes differ."""
    sure = together.probabilities[rows].max(axis=1)
    ordered = rows[np.argsort(-sure, kind="stable")]
    _, first = np.unique(together.labels[ordered], return_index=True)
    order = [*np.sort(first), *np.setdiff1d(np.arange(len(ordered)), first)]
    return [
        {"row": int(row), "label": int(together.labels[row]), "answer": int(together.answers[row])}
        for row in ordered[order[:SHOWN]]
    ]


def _alone(
    rows: np.ndarray, winners: np.ndarray, networks: dict[str, Predictions]
) -> list[dict[str, Any]]:
    """Of those that only one gets, the surest ones of each network in turn."""
    names, ranked = list(networks), []
    for number, name in enumerate(names):
        own, told = rows[winners == number], networks[name]
        sure = told.probabilities[own, told.labels[own]]
        for place, row in enumerate(own[np.argsort(-sure, kind="stable")][:SHOWN]):
            ranked.append((place, number, int(row), int(told.labels[row])))
    return [
        {"row": row, "label": label, "experiment": names[number]}
        for _, number, row, label in sorted(ranked)[:SHOWN]
    ]


def _confused(name: str, seeds: dict[int, Predictions]) -> dict[str, Any]:
    """The confusion matrix of an experiment over its seeds, and the pairs most often confused."""
    matrix = sum(confusion(each) for each in seeds.values())
    wrong = matrix - np.diag(np.diag(matrix))
    order = np.argsort(-wrong, axis=None, kind="stable")[:MOST_CONFUSED]
    places = zip(*np.unravel_index(order, wrong.shape), strict=True)
    return {
        "experiment": name,
        "seeds": len(seeds),
        "matrix": matrix.tolist(),
        "most": [
            {"label": int(a), "answer": int(b), "pictures": int(wrong[a, b])}
            for a, b in places
            if wrong[a, b]
        ],
    }
