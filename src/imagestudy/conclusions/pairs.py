"""A claim about two experiments, of which one may have no network."""

from imagestudy import wording
from imagestudy.claims import NOT_TESTABLE, Claim, Words, of_methods
from imagestudy.evidence import Evidence, Pair
from imagestudy.methods import Methods

Compared = dict[Pair, Methods]


def not_run(evidence: Evidence, name: str, statement: str | None, pair: Pair) -> Claim:
    """The claim about a pair of which one has no network, or that shares no seed."""
    without = [each for each in pair if not evidence.values(each, "test_top1")]
    both = wording.listing([evidence.experiments[each]["title"] for each in pair])
    titles = wording.listing([evidence.experiments[each]["title"] for each in without])
    why = f"no run of {titles} ended in a network" if without else "they share no seed"
    return Claim(
        name,
        statement,
        NOT_TESTABLE,
        f"{both} cannot be compared: {why}",
        {"first": pair[0], "second": pair[1], "without_network": without},
        measured="",
    )


def of_pair(
    evidence: Evidence,
    compared: Compared,
    name: str,
    statement: str | None,
    pair: Pair | None,
    words: Words,
    aside: str = "",
) -> Claim | None:
    """The claim that the first of a pair is the more accurate one; None where none is declared."""
    if pair not in evidence.declared:
        return None
    if pair not in compared:
        return not_run(evidence, name, statement, pair)
    return of_methods(evidence, name, statement, compared[pair], words)._replace(aside=aside)
