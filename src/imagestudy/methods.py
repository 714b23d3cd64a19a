"""Two methods compared: their differences over seeds, or over searches, by declared families."""

from typing import Any, NamedTuple

from imagestudy import statistics, wording
from imagestudy.evidence import Evidence, Pair
from imagestudy.statistics import CONFIDENCE, Estimate, Tested

HOLDS, OPPOSITE, UNDECIDED = "holds", "opposite", "undecided"
# From so many seeds on (for searches: searches) the methods are told apart.
SEEDS_NEEDED = 3
SEEDS, SEARCHES = "seeds", "searches"


class Methods(NamedTuple):
    """The test accuracies of two experiments as two methods.

    `unit` is what the difference is taken over: `seeds`, or `searches` for what searches found;
    `units` how many of them the side with fewer has. `difference` is over seeds too where there
    are too few searches; `over` says in words what it is over. `p_adjusted` is Holm's; `outcome`
    says whether the first is better. `unlearned` are those of the pair of which not every run
    learned: they decide nothing.
    """

    family: str
    pair: Pair
    first: float
    second: float
    unit: str
    units: int
    over: str
    difference: Estimate
    tested: Tested
    p_adjusted: float | None
    outcome: str
    unlearned: tuple[str, ...]

    @property
    def effect_name(self) -> str:
        """In what the effect is counted: deviations of paired differences, or of values."""
        return "d" if self.unit == SEARCHES else "d_z"

    @property
    def equivalent(self) -> bool:
        """Whether the two are shown to differ by less than the margin."""
        p = self.tested.p_equivalent
        return p is not None and p <= 1 - CONFIDENCE and not self.unlearned


def compare(evidence: Evidence) -> dict[Pair, Methods]:
    """Every declared pair of which both have been measured, by the pair."""
    found = {}
    for family, pairs in evidence.study["families"].items():
        made = [_compared(evidence, family, (first, second)) for first, second in pairs]
        known = [each for each in made if each is not None]
        adjusted = statistics.holm([each.tested.p for each in known])
        for each, p in zip(known, adjusted, strict=True):
            outcome = UNDECIDED if each.unlearned else decided(each.difference.mean, p)
            found[each.pair] = each._replace(p_adjusted=p, outcome=outcome)
    return found


def decided(difference: float, p: float | None) -> str:
    """Whether a difference is above zero, from the p-value of its test; None decides nothing."""
    if p is None or p > 1 - CONFIDENCE:
        return UNDECIDED
    return HOLDS if difference > 0 else OPPOSITE


def unlearned(evidence: Evidence, pair: Pair) -> tuple[str, ...]:
    """Those of a pair of which a run diverged, or did no better than guessing."""
    return tuple(
        name
        for name in pair
        if evidence.experiments[name]["statuses"].keys() & {"diverged", "at_chance"}
    )


def _compared(evidence: Evidence, family: str, pair: Pair) -> Methods | None:
    found = _measured(evidence, family, pair)
    return found and found._replace(unlearned=unlearned(evidence, pair))


def _measured(evidence: Evidence, family: str, pair: Pair) -> Methods | None:
    values = [evidence.values(name, "test_top1") for name in pair]
    seeds = sorted(values[0].keys() & values[1].keys())
    if all(evidence.experiments[name]["search"] for name in pair):
        sides, searches = _over_searches(evidence, pair)
        if max(searches) > 1 and min(map(len, sides)) > 1:
            found = _made(family, pair, sides, SEARCHES, evidence.study["margin"])
            return found._replace(over=_words(sides, searches))
        if not seeds:
            return None
        paired = [[side[seed] for seed in seeds] for side in values]
        # A search counts once: seeds of what one search found say nothing of another search.
        return _made(family, pair, paired, SEEDS, evidence.study["margin"])._replace(
            unit=SEARCHES,
            units=min(searches),
            over=f"{wording.plural(min(searches), 'search', 'searches')}, "
            f"{wording.plural(len(seeds), 'seed')}",
            tested=Tested(None, None, None),
        )
    if not seeds:
        return None
    paired = [[side[seed] for seed in seeds] for side in values]
    return _made(family, pair, paired, SEEDS, evidence.study["margin"])


def _over_searches(evidence: Evidence, pair: Pair) -> tuple[list[list[float]], list[int]]:
    """Each side over its searches, and how many it has.

    A search counts once, by the mean over the seeds that its network was trained with. A person
    searches once: there the seeds of the network are what spreads.
    """
    sides, counts = [], []
    for name in pair:
        searches = evidence.values_of_searches(name, "test_top1")
        by_hand = evidence.experiments[name]["search"]["proposer"] == "hand"
        several = evidence.values(name, "test_top1") if by_hand else searches
        sides.append(list(several.values()))
        counts.append(len(searches))
    return sides, counts


def _words(sides: list[list[float]], searches: list[int]) -> str:
    """What a comparison of searches is over, where one side may be seeds of a single search."""
    said = [
        wording.plural(number, "search", "searches")
        + ("" if number == len(side) else f" with {wording.plural(len(side), 'seed')}")
        for side, number in zip(sides, searches, strict=True)
    ]
    return " against ".join(dict.fromkeys(said))


def _made(family: str, pair: Pair, sides: list[list[float]], unit: str, margin: float) -> Methods:
    if unit == SEARCHES:
        difference = statistics.unpaired(*sides)
        tested = statistics.compare_unpaired(*sides, margin)
    else:
        difference = statistics.paired(*sides)
        tested = statistics.compare_paired(*sides, margin)
    if difference.seeds < SEEDS_NEEDED:
        tested = Tested(None, None, None)
    means = [sum(side) / len(side) for side in sides]
    units = difference.seeds
    over = wording.plural(units, "seed")
    return Methods(family, pair, *means, unit, units, over, difference, tested, None, UNDECIDED, ())


def numbers(found: Methods, margin: float) -> dict[str, Any]:
    """All numbers of a comparison, for a file."""
    return {
        "family": found.family,
        "first": found.pair[0],
        "second": found.pair[1],
        "first_test_top1": found.first,
        "second_test_top1": found.second,
        "unit": found.unit,
        "units": found.units,
        "units_needed": SEEDS_NEEDED,
        "over": found.over,
        "unlearned": list(found.unlearned),
        "difference": found.difference.mean,
        "low": found.difference.low,
        "high": found.difference.high,
        "interval": found.difference.method,
        "p": found.tested.p,
        "p_adjusted": found.p_adjusted,
        "effect": found.tested.effect,
        "effect_name": found.effect_name,
        "margin": margin,
        "p_equivalent": found.tested.p_equivalent,
    }
