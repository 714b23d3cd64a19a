"""This study's own comparative sentences, as claims."""

from typing import Any

from imagestudy import statistics, wording
from imagestudy.choices import choice, highest
from imagestudy.claims import Claim, Words, lacking, of_methods
from imagestudy.evidence import Evidence, Pair
from imagestudy.methods import (
    HOLDS,
    SEARCHES,
    SEEDS_NEEDED,
    UNDECIDED,
    Methods,
    decided,
)
from imagestudy.races import Race, races
from imagestudy.repeated import cells, order, overfits


def findings(evidence: Evidence, compared: dict[Pair, Methods], told: set[Pair]) -> list[Claim]:
    """A claim for each declared pair that is not `told` already, and for what the report ranks."""
    claims = [_pair(evidence, pair, found) for pair, found in compared.items() if pair not in told]
    claims += [highest(evidence, name) for name in evidence.datasets]
    claims += [_ensemble(evidence, name) for name in evidence.examined["datasets"]]
    claims += [
        _lead(evidence, race) for race in races(evidence.ledgers, evidence.study["searches"])
    ]
    claims += [_over_random(evidence), _original_told_apart(evidence)]
    claims += [overfits(evidence), order(evidence), *cells(evidence)]
    claims += [choice(evidence, name) for name in evidence.datasets]
    return [claim for claim in claims if claim is not None]


def _pair(evidence: Evidence, pair: Pair, found: Methods) -> Claim:
    one, other = (evidence.experiments[name]["title"] for name in pair)
    words = Words(
        f"{one} is more accurate than {other}",
        f"{one} is less accurate than {other}",
        f"Whether {one} or {other} is the more accurate is open",
    )
    return of_methods(evidence, f"{pair[0]}_over_{pair[1]}", None, found, words)


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
    others = (
        f"of the test pictures {where} right than {best}, the best of them on selection pictures"
    )
    outcome = decided(told["difference"], told["p"])
    words = {
        HOLDS: f"Together {networks} get more {others}",
        UNDECIDED: f"Whether {networks} together get more {others}, these do not tell",
    }
    return Claim(
        f"ensemble_{dataset}",
        None,
        outcome,
        words.get(outcome, f"Together {networks} get fewer, not more, {others}"),
        {"best": found["best"], "experiments": found["experiments"]}
        | {key: found[key] for key in ("best_top1", "ensemble_top1")}
        | told,
        f"together {wording.accuracy(found['ensemble_top1'])}, {best} "
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
        from_then = f"{where} from {since} of device time on"
        said = f"{leader} is ahead {from_then}, until the cheaper search ends"
    when = "since both have a score" if last else "in that time"
    times = f"{wording.plural(len(race.changes), 'change')} of the lead {when}"
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
        f"best selection accuracy of {one} {wording.accuracy(means[0])}, of {other} "
        f"{wording.accuracy(means[1])} ({wording.plural(units, 'search', 'searches')})",
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
    by, told = "By their published accuracies the original's AutoKeras", "its network by hand"
    chance = "by more than chance in the pictures"
    words = {
        HOLDS: f"{by} is better than {told} {chance}",
        UNDECIDED: f"{by} and {told} cannot be told apart",
    }
    return Claim(
        "original_told_apart",
        None,
        outcome,
        words.get(outcome, f"{by} is worse than {told} {chance}"),
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
