"""A claim: its outcome, the sentence that says it, and the numbers it rests on."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from imagestudy import wording
from imagestudy.evidence import Evidence, Pair
from imagestudy.methods import SEARCHES, SEEDS_NEEDED, UNDECIDED, Methods, numbers
from imagestudy.statistics import Estimate

NOT_COMPARABLE, NOT_TESTABLE = "not comparable", "not testable"


class Claim(NamedTuple):
    """A comparative sentence of the report, and what it follows from.

    `statement` is what the original says, None where the sentence is this study's own; `outcome`
    is `holds`, `opposite`, `undecided`, `not comparable` or `not testable`. `evidence` has all
    numbers, `measured` says the first of them in words, `besides` the rest. `aside` goes behind
    the sentence.
    """

    name: str
    statement: str | None
    outcome: str
    sentence: str
    evidence: dict[str, Any]
    measured: str
    besides: str = ""
    aside: str = ""

    @property
    def few(self) -> bool:
        """Whether it has fewer seeds or searches than decide."""
        return self.evidence.get("units", SEEDS_NEEDED) < SEEDS_NEEDED

    @property
    def told(self) -> str:
        """What is said of it where the reader knows how many seeds or searches decide.

        Of what lacks nothing else than these, only what was measured.
        """
        if not self.measured or self.outcome in (NOT_COMPARABLE, NOT_TESTABLE):
            return self.sentence
        if self.outcome == UNDECIDED and self.few and not self.evidence.get("unlearned"):
            return self.measured
        return f"{self.sentence}; {self.measured}"


class Words(NamedTuple):
    """The sentence for each outcome of a comparison."""

    holds: str
    opposite: str
    undecided: str


def of_methods(
    evidence: Evidence, name: str, statement: str | None, found: Methods, words: Words
) -> Claim:
    """The claim that the first of two methods has the higher test accuracy."""
    margin, networks = evidence.study["margin"], of_networks(evidence, found.pair)
    return Claim(
        name,
        statement,
        found.outcome,
        sentence(evidence, found, words),
        numbers(found, margin) | {"networks": networks},
        measured(evidence, found),
        told_by_pictures(networks),
    )


def sentence(evidence: Evidence, found: Methods, words: Words) -> str:
    """The sentence of the outcome; an undecided one says what it lacks."""
    within = f"accuracies are equivalent within {wording.accuracy(evidence.study['margin'])}"
    if found.unlearned:
        return f"{words.undecided}: {not_learned(evidence, found.unlearned)}"
    if found.outcome != UNDECIDED:
        said = words.holds if found.difference.mean > 0 else words.opposite
        return f"{said}, but the {within}" if found.equivalent else said
    if found.equivalent:
        return f"{words.undecided}; the {within}"
    return f"{words.undecided}: {lacking(found.units, found.unit)}"


def lacking(units: int, unit: str) -> str:
    """What a decision would need, where there are so many seeds or searches."""
    if units >= SEEDS_NEEDED:
        return "the difference is within what chance explains"
    noun = unit.removesuffix("es" if unit == SEARCHES else "s")
    return f"{wording.plural(units, noun, unit)} {'decides' if units == 1 else 'decide'} nothing"


def not_learned(evidence: Evidence, names: Sequence[str]) -> str:
    """That not every run of these experiments learned."""
    titles = wording.listing([evidence.experiments[name]["title"] for name in names])
    return f"not every run of {titles} learned"


def of_networks(evidence: Evidence, pair: Pair) -> list[dict[str, Any]]:
    """What the test pictures say of each seed's two networks, as `examination` found it."""
    return [row for row in evidence.examined["pairs"] if (row["first"], row["second"]) == pair]


def measured(evidence: Evidence, found: Methods) -> str:
    """The measured difference in words, and how sure it is."""
    one, other = (evidence.experiments[name]["title"] for name in found.pair)
    text = (
        f"{one} {wording.accuracy(found.first)}, {other} {wording.accuracy(found.second)}, "
        f"difference {wording.signed(found.difference.mean)}{interval(found.difference)}"
    )
    values = [found.over]
    if found.p_adjusted is not None:
        values.append(wording.p_value(found.p_adjusted))
    if found.tested.effect is not None:
        values.append(f"{found.effect_name} = {found.tested.effect:.1f}")
    return f"{text} ({', '.join(values)})"


def interval(found: Estimate) -> str:
    """The interval of a difference of accuracies in words, as far as these go."""
    if found.low is None or found.high is None:
        return ""
    low, high = (wording.signed(min(max(end, -1), 1)) for end in (found.low, found.high))
    return f", interval from {low} to {high}"


def told_by_pictures(networks: list[dict[str, Any]]) -> str:
    """How the two networks of the first seed differ over the pictures."""
    if not networks:
        return ""
    row = networks[0]
    low, high = wording.signed(row["low"]), wording.signed(row["high"])
    return (
        f"; the two networks of seed {row['seed']}: of {wording.count(row['pictures'])} pictures "
        f"{wording.count(row['only_first'])} are right with the first alone, "
        f"{wording.count(row['only_second'])} with the second alone, difference "
        f"{wording.signed(row['difference'])}, interval from {low} to {high} "
        f"({wording.p_value(row['p_adjusted'])})"
    )


def as_json(claims: list[Claim]) -> list[dict[str, Any]]:
    """What is written of each claim: all but the words of its evidence."""
    in_words = ("measured", "besides", "aside")
    return [
        {k: v for k, v in each._asdict().items() if k not in in_words}
        | {"sentence": each.sentence + each.aside}
        for each in claims
    ]
