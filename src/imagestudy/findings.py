"""This study's own comparative sentences, as claims."""

from typing import Any

from imagestudy import statistics, wording
from imagestudy.claims import Claim, Words, lacking, of_methods
from imagestudy.costs import Race, races
from imagestudy.evidence import Evidence, Pair
from imagestudy.methods import (
    HOLDS,
    SEARCHES,
    SEEDS,
    SEEDS_NEEDED,
    UNDECIDED,
    Methods,
    decided,
)


def findings(evidence: Evidence, compared: dict[Pair, Methods], told: set[Pair]) -> list[Claim]:
    """A claim for each declared pair that is not `told` already, and for what the report ranks."""
    claims = [_pair(evidence, pair, found) for pair, found in compared.items() if pair not in told]
    claims += [_highest(evidence, name) for name in evidence.datasets]
    claims += [_ensemble(evidence, name) for name in evidence.examined["datasets"]]
    claims += [
        _lead(evidence, race) for race in races(evidence.ledgers, evidence.study["searches"])
    ]
    claims += [_over_random(evidence), _original_told_apart(evidence)]
    return [claim for claim in claims if claim is not None]


def _pair(evidence: Evidence, pair: Pair, found: Methods) -> Claim:
    one, other = (evidence.experiments[name]["title"] for name in pair)
    words = Words(
        f"{one} is more accurate than {other}",
        f"{one} is less accurate than {other}",
        f"Whether {one} or {other} is the more accurate is open",
    )
    return of_methods(evidence, f"{pair[0]}_over_{pair[1]}", None, found, words)


def _highest(evidence: Evidence, dataset: str) -> Claim | None:
    """That the highest test accuracy on a data set is higher than every other one.

    Those count that were trained with enough seeds, and that no program searched: seeds of one
    network say nothing of another search.
    """
    ranked = evidence.ranked(dataset)
    if not ranked:
        return None
    best, others = ranked[0], ranked[1:]
    known = {name: evidence.values(name, "test_top1") for name in ranked}
    values = {}
    for name in others:
        if _searched(evidence, best) or _searched(evidence, name):
            continue
        seeds = sorted(known[best].keys() & known[name].keys())
        if len(seeds) >= SEEDS_NEEDED:
            sides = ([known[side][seed] for seed in seeds] for side in (best, name))
            values[name] = statistics.student(*sides)
    adjusted = dict(zip(values, statistics.holm(list(values.values())), strict=True))
    sure = bool(adjusted) and all(decided(1.0, p) == HOLDS for p in adjusted.values())
    found = evidence.estimate(best, "test_top1")
    estimates = [(name, evidence.estimate(name, "test_top1")) for name in ranked]
    first = [name for name, each in estimates if each.mean == found.mean]
    titles = wording.listing([evidence.experiments[name]["title"] for name in first])
    highest = (
        f"The highest test accuracy on {evidence.datasets[dataset]['title']} is that of {titles}"
    )
    units = len(known[best])
    if units < SEEDS_NEEDED:
        open_still = lacking(units, SEEDS)
    elif _searched(evidence, best):
        open_still = "seeds of a network that a program found say nothing of its next search"
    else:
        open_still = "others may be as good"
    best_of = wording.plural(len(adjusted), "other")
    return Claim(
        f"highest_{dataset}",
        None,
        HOLDS if sure else UNDECIDED,
        f"{highest}, surely above the {best_of} with enough seeds that no program searched"
        if sure
        else f"{highest}; whether it is the best method is open: {open_still}",
        {
            "ranked": [
                {"experiment": name, "test_top1": each.mean, "low": each.low, "high": each.high}
                for name, each in estimates
            ],
            "p_adjusted": adjusted,
            "units": units,
            "units_needed": SEEDS_NEEDED,
        },
        f"{wording.spread(found.mean, found.spread)}; guessing "
        f"{wording.accuracy(evidence.chance(dataset))}"
        + (f"; then {_next(evidence, others[0])}" if others else ""),
    )


def _searched(evidence: Evidence, name: str) -> bool:
    """Whether a program searched the network that the experiment trains."""
    search = evidence.experiments[name]["search"]
    return search is not None and search["proposer"] != "hand"


def _next(evidence: Evidence, name: str) -> str:
    found = evidence.estimate(name, "test_top1")
    return f"{evidence.experiments[name]['title']} {wording.spread(found.mean, found.spread)}"


def _ensemble(evidence: Evidence, dataset: str) -> Claim | None:
    """That the mean of all networks' probabilities is right more often than the best network.

    That is the best on the selection pictures.
    """
    found = evidence.examined["datasets"][dataset]
    if len(found["experiments"]) < 2:
        return None
    told = found["ensemble"]
    best = evidence.experiments[found["best"]]["title"]
    networks = wording.plural(len(found["experiments"]), "network")
    where = f"on {evidence.datasets[dataset]['title']}"
    others = f"of the test pictures {where} than {best}, the best of them on selection pictures,"
    outcome = decided(told["difference"], told["p"])
    words = {
        HOLDS: f"Together {networks} get more {others} does",
        UNDECIDED: f"Whether {networks} together get more {others} does, these do not tell",
    }
    return Claim(
        f"ensemble_{dataset}",
        None,
        outcome,
        words.get(outcome, f"Together {networks} get fewer {others} does"),
        {"best": found["best"], "experiments": found["experiments"]}
        | {key: found[key] for key in ("best_top1", "ensemble_top1")}
        | told,
        f"{wording.accuracy(found['ensemble_top1'])} against "
        f"{wording.accuracy(found['best_top1'])}, {wording.p_value(told['p'])}",
    )


def _lead(evidence: Evidence, race: Race) -> Claim | None:
    """Which of AutoKeras's first search and the one by hand is ahead when the cheaper one ends."""
    names = (race.autokeras, race.hand)
    one, other = (evidence.study["searches"][name]["title"] for name in names)
    where = f"on {evidence.datasets[race.dataset]['title']}"
    leader = race.leader and evidence.study["searches"][race.leader]["title"]
    last = race.changes[-1] if race.changes else None
    if race.without_score:
        titles = [evidence.study["searches"][name]["title"] for name in race.without_score]
        said = (
            f"No trial of {wording.listing(titles)} has a score {where} in the time that both spent"
        )
    elif leader is None:
        said = f"Neither {one} nor {other} is ahead {where} when the cheaper search ends"
    elif last is None:
        said = f"{leader} is ahead {where} since both have a score, until the cheaper search ends"
    else:
        since = wording.duration(last["device_seconds"])
        said = f"{leader} is ahead {where} from {since} of device time on, until the cheaper search ends"
    times = f"{wording.plural(len(race.changes), 'change')} of the lead since both have a score"
    return Claim(
        f"lead_{race.dataset}",
        None,
        UNDECIDED,
        f"{said}; one search of each shows no tendency",
        {"first": race.autokeras, "second": race.hand, "leader": race.leader}
        | {"changes": race.changes, "without_score": list(race.without_score)},
        "" if race.without_score else times,
    )


def _over_random(evidence: Evidence) -> Claim | None:
    """That AutoKeras's oracle finds better trials than chance does in the same space."""
    searches = evidence.study["searches"]
    own = [name for name, each in searches.items() if each["proposer"] == "autokeras"]
    for first in own:
        for second, each in searches.items():
            same = each["declared"].get("space") == searches[first]["declared"].get("space")
            if each["proposer"] == "random" and same and _dataset(evidence, first, second):
                return _scores(evidence, first, second)
    return None


def _dataset(evidence: Evidence, first: str, second: str) -> bool:
    return evidence.best[first][0]["dataset"] == evidence.best[second][0]["dataset"]


def _scores(evidence: Evidence, first: str, second: str) -> Claim | None:
    scores: list[list[float]] = [
        [best["score"] for best in evidence.best[name] if best["score"] is not None]
        for name in (first, second)
    ]
    units = min(map(len, scores))
    if not units:
        return None
    means = [sum(side) / len(side) for side in scores]
    margin = evidence.study["margin"]
    tested = statistics.compare_unpaired(*scores, margin) if units >= SEEDS_NEEDED else None
    outcome = decided(means[0] - means[1], tested and tested.p)
    one, other = (evidence.study["searches"][name]["title"] for name in (first, second))
    open_still = f"Whether {one} finds better trials than {other} in the same space is open"
    words = {
        HOLDS: f"{one} finds better trials than {other} in the same space",
        UNDECIDED: f"{open_still}: {lacking(units, SEARCHES)}",
    }
    numbers: dict[str, Any] = {"first": first, "second": second, "scores": scores, "units": units}
    numbers |= {"units_needed": SEEDS_NEEDED, "margin": margin}
    return Claim(
        "autokeras_over_random",
        None,
        outcome,
        words.get(outcome, f"{one} finds worse trials than {other} in the same space"),
        numbers | (tested._asdict() if tested else {}),
        f"best selection accuracy {wording.accuracy(means[0])} against "
        f"{wording.accuracy(means[1])} over {wording.plural(units, 'search', 'searches')}",
    )


def _original_told_apart(evidence: Evidence) -> Claim | None:
    """That the original's AutoKeras and its network by hand differ, by their published numbers."""
    if not any(evidence.row(name) for name in evidence.experiments):
        return None
    rows = evidence.original["rows"]
    first, second = rows["autokeras"], rows["keras_cnn"]
    pictures = evidence.original["data"][first["dataset"]]["test_pictures"]
    found = statistics.two_proportions(
        float(first["validation"]), float(second["validation"]), pictures
    )
    outcome = decided(found.difference, found.p)
    told = "the original's AutoKeras and its network by hand"
    words = {
        HOLDS: f"By their published accuracies {told} differ by more than chance in the pictures",
        UNDECIDED: f"By their published accuracies {told} cannot be told apart",
    }
    return Claim(
        "original_told_apart",
        None,
        outcome,
        words.get(outcome, f"By their published accuracies {told} differ the other way"),
        found._asdict() | {"pictures": pictures},
        f"z = {found.z:.2f}, {wording.p_value(found.p)}",
    )


def told_pairs(claims: list[Claim]) -> set[Pair]:
    """The pairs that these claims are about."""
    return {
        (claim.evidence["first"], claim.evidence["second"])
        for claim in claims
        if "second_test_top1" in claim.evidence
    }
