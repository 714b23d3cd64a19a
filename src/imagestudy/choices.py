"""What is best on a data set, and what a person with such pictures might take, as claims."""

from imagestudy import statistics, wording
from imagestudy.claims import Claim, lacking
from imagestudy.costs import device_seconds_in_all
from imagestudy.evidence import Evidence
from imagestudy.methods import HOLDS, SEEDS, SEEDS_NEEDED, UNDECIDED, decided
from imagestudy.sources import SCRATCH

BY_HAND, SEARCHED = "built by hand", "found by search"
REUSED, PUBLISHED = "with reused weights", "a published network from random weights"
# Of networks that others designed; those that these start from are reused.
OF_OTHERS = ("alexnet", "vgg16")


def kind(evidence: Evidence, name: str) -> str:
    """How an experiment's network was come by."""
    each = evidence.experiments[name]
    if each["search"]:
        return SEARCHED if searched(evidence, name) else BY_HAND
    if any(run.get("own_search") for run in each["runs"]):
        return SEARCHED
    if each["start"]["provenance"] != SCRATCH:
        return REUSED
    return PUBLISHED if each["script"] in OF_OTHERS else BY_HAND


def described(evidence: Evidence, name: str) -> str:
    """The kind of an experiment's network, and whether by a modern recipe."""
    recipe = " by a modern recipe" if evidence.experiments[name]["role"] == "modern" else ""
    return f"{kind(evidence, name)}{recipe}"


def searched(evidence: Evidence, name: str) -> bool:
    """Whether a program searched the network that the experiment trains."""
    search = evidence.experiments[name]["search"]
    return search is not None and search["proposer"] != "hand"


def highest(evidence: Evidence, dataset: str) -> Claim | None:
    """That the highest test accuracy on a data set is higher than every other one.

    Those count that were trained with enough seeds, and that no program searched: seeds of one
    network say nothing of another search.
    """
    ranked = evidence.ranked(dataset)
    if not ranked:
        return None
    best, others = ranked[0], ranked[1:]
    known = {name: evidence.values(name, "test_top1") for name in ranked}
    differences, values = {}, {}
    for name in others:
        if searched(evidence, best) or searched(evidence, name):
            continue
        seeds = sorted(known[best].keys() & known[name].keys())
        if len(seeds) >= SEEDS_NEEDED:
            sides = [[known[side][seed] for seed in seeds] for side in (best, name)]
            differences[name] = statistics.paired(*sides).mean
            values[name] = statistics.student(*sides)
    adjusted = dict(zip(values, statistics.holm(list(values.values())), strict=True))
    sure = bool(adjusted) and all(
        decided(differences[name], p) == HOLDS for name, p in adjusted.items()
    )
    estimates = {name: evidence.estimate(name, "test_top1") for name in ranked}
    first = [name for name in ranked if estimates[name].mean == estimates[best].mean]
    titles = wording.listing([evidence.experiments[name]["title"] for name in first])
    where = evidence.datasets[dataset]["title"]
    units = len(known[best])
    if units < SEEDS_NEEDED:
        open_still = lacking(units, SEEDS)
    elif searched(evidence, best):
        open_still = "seeds of a network that a program found say nothing of its next search"
    else:
        open_still = "others may be as good"
    best_is = "is" if len(first) == 1 else "are"
    best_of = wording.plural(len(adjusted), "other")
    said = {
        name: f"{evidence.experiments[name]['title']}, {described(evidence, name)}"
        for name in ranked
    }
    shown = {name: wording.spread(each.mean, each.spread) for name, each in estimates.items()}
    after = [name for name in others if name not in first]
    return Claim(
        f"highest_{dataset}",
        None,
        HOLDS if sure else UNDECIDED,
        f"On {where} {titles} is surely more accurate than the {best_of} with enough seeds that no "
        "program searched"
        if sure
        else f"Whether {titles} {best_is} the best on {where} is open: {open_still}",
        {
            "ranked": [
                {"experiment": name, "test_top1": each.mean, "low": each.low, "high": each.high}
                for name, each in estimates.items()
            ],
            "differences": differences,
            "p_adjusted": adjusted,
            "units": units,
            "units_needed": SEEDS_NEEDED,
        },
        f"the highest test accuracy on {where} is {shown[best]}, that of "
        f"{wording.listing([said[name] for name in first])}; "
        + "".join(f"{said[name]}, follows with {shown[name]}; " for name in after[:1])
        + f"guessing has {wording.accuracy(evidence.chance(dataset))}",
    )


def choice(evidence: Evidence, dataset: str) -> Claim | None:
    """What to take for such pictures: the least costly of those as accurate as the best measured.

    It follows from means alone, so it decides nothing about methods.
    """
    ranked = evidence.ranked(dataset)
    if len(ranked) < 2:
        return None
    best, margin = ranked[0], evidence.study["margin"]
    accuracies = {name: evidence.estimate(name, "test_top1").mean for name in ranked}
    costs = {name: device_seconds_in_all(evidence, name) for name in ranked}
    near = [name for name in ranked if accuracies[best] - accuracies[name] <= margin]
    taken = min(near, key=costs.__getitem__)
    one, other = (evidence.experiments[name]["title"] for name in (taken, best))
    within = wording.accuracy(margin)
    if taken == best:
        why = f"nothing that takes less device time comes within {within} of its test accuracy"
    else:
        why = f"it takes less device time than {other} and is within {within} of its test accuracy"
    # The last to be set is the most accurate.
    first_of_kind = {kind(evidence, name): name for name in reversed(ranked)}
    told = [
        f"{described(evidence, name)}, {evidence.experiments[name]['title']}: "
        f"{wording.accuracy(accuracies[name])} after {wording.duration(costs[name])}"
        for name in sorted(first_of_kind.values(), key=ranked.index)
    ]
    return Claim(
        f"choice_{dataset}",
        None,
        UNDECIDED,
        f"For pictures like those of {evidence.datasets[dataset]['title']}, of all that was tried "
        f"{one} is the one to take: {why}",
        {"taken": taken, "best": best, "margin": margin}
        | {"test_top1": accuracies, "device_seconds_in_all": costs},
        "; ".join(told),
    )
