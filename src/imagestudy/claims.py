"""Claims about methods: a verdict from differences over seeds, and its wording.

A claim needs at least `SEEDS_NEEDED` seeds (for searches: searches); with fewer it is undecided,
whatever the numbers look like.
"""

from typing import NamedTuple

from imagestudy import statistics, wording
from imagestudy.evidence import Evidence

HOLDS, OPPOSITE, UNDECIDED = "holds", "opposite holds", "undecided"
NOT_COMPARABLE, NOT_TESTABLE = "not comparable", "not testable"
SEEDS_NEEDED = 3


class Claim(NamedTuple):
    """A claim of the original, our verdict, the sentence that says it, and why."""

    name: str
    claim: str
    verdict: str
    sentence: str
    evidence: str


class Difference(NamedTuple):
    """A metric of two experiments, paired by seed."""

    first: float
    second: float
    found: statistics.Estimate
    verdict: str


def difference(evidence: Evidence, first: str, second: str, metric: str) -> Difference | None:
    """First minus second over the seeds that both have; None where there is no such seed."""
    return _paired(evidence.values(first, metric), evidence.values(second, metric))


def difference_of_searches(
    evidence: Evidence, first: str, second: str, metric: str
) -> Difference | None:
    """First minus second, each over its searches; None unless one side has several.

    A search counts once, by the mean over the seeds that its network was trained with. A side that
    searched once, as a person does, is one network, and its seeds are what spreads.
    """
    sides = []
    for name in (first, second):
        searches = evidence.values_of_searches(name, metric)
        several = searches if len(searches) > 1 else evidence.values(name, metric)
        sides.append((len(searches), list(several.values())))
    if max(searches for searches, _ in sides) == 1 or min(len(v) for _, v in sides) < 2:
        return None
    return _judged(*(v for _, v in sides), statistics.unpaired(*(v for _, v in sides)))


def _paired(ours: dict[int, float], theirs: dict[int, float]) -> Difference | None:
    seeds = sorted(ours.keys() & theirs.keys())
    if not seeds:
        return None
    pairs = [ours[seed] for seed in seeds], [theirs[seed] for seed in seeds]
    return _judged(*pairs, statistics.paired(*pairs))


def _judged(ours: list[float], theirs: list[float], found: statistics.Estimate) -> Difference:
    return Difference(sum(ours) / len(ours), sum(theirs) / len(theirs), found, decided(found))


def decided(found: statistics.Estimate) -> str:
    """The verdict of a difference: from enough seeds on, by the side its interval lies on."""
    if found.seeds >= SEEDS_NEEDED and found.low > 0:
        return HOLDS
    if found.seeds >= SEEDS_NEEDED and found.high < 0:
        return OPPOSITE
    return UNDECIDED


def measured(
    evidence: Evidence,
    found: Difference,
    first: str,
    second: str,
    unit: str = "seed",
    units: str | None = None,
) -> str:
    """The measured difference in words, and how sure it is; `unit` is what was paired."""
    one, other = (evidence.experiments[name]["title"] for name in (first, second))
    text = (
        f"{one} {wording.accuracy(found.first)}, {other} {wording.accuracy(found.second)}, "
        f"difference {wording.signed(found.found.mean)} over "
        f"{wording.plural(found.found.seeds, unit, units)}"
    )
    if found.found.spread is None:
        return text
    # As far as differences of accuracies go.
    low, high = (
        wording.signed(min(max(end, -1), 1)) for end in (found.found.low, found.found.high)
    )
    return f"{text}, interval from {low} to {high}"


def why_undecided(found: Difference) -> str:
    """What a decision would need."""
    if found.found.seeds < SEEDS_NEEDED:
        return few_seeds(found.found.seeds)
    return "the interval of the difference includes zero"


def few_seeds(seeds: int) -> str:
    """That so many seeds are too few."""
    there_are = "there is" if seeds == 1 else "there are"
    needed = wording.word(SEEDS_NEEDED)
    return f"{there_are} {wording.plural(seeds, 'seed')} and a decision needs {needed}"


def decided_sentence(found: Difference, holds: str, opposite: str, undecided: str) -> str:
    """The sentence of the verdict; an undecided one says what it lacks."""
    if found.verdict == UNDECIDED:
        return f"{undecided}: {why_undecided(found)}"
    return holds if found.verdict == HOLDS else opposite
