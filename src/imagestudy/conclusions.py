"""The original's conclusions as claims, each judged by this study's results."""

import math
from collections.abc import Callable

from imagestudy import statistics, wording
from imagestudy.claims import (
    HOLDS,
    NOT_COMPARABLE,
    NOT_TESTABLE,
    OPPOSITE,
    SEEDS_NEEDED,
    UNDECIDED,
    Claim,
    decided,
    decided_sentence,
    difference,
    difference_of_searches,
    few_seeds,
    measured,
)
from imagestudy.evidence import Evidence


def claims(evidence: Evidence) -> list[Claim]:
    """The claims that this study's experiments can speak to, in the original's order."""
    made = (claim(evidence) for claim in CLAIMS)
    return [claim for claim in made if claim is not None]


def _autokeras_better(evidence: Evidence) -> Claim | None:
    first, second = evidence.with_proposer("autokeras"), evidence.with_proposer("hand")
    found = first and second and difference(evidence, first, second, "test_top1")
    if not found:
        return None
    claim = "AutoKeras did slightly better than building by hand"
    searches = difference_of_searches(evidence, first, second, "test_top1")
    if searches and searches.found.seeds >= SEEDS_NEEDED:
        sentence = decided_sentence(
            searches,
            "AutoKeras's searches find better networks than the candidates declared by hand hold",
            "The candidates declared by hand hold a better network than AutoKeras's searches find",
            "Whether AutoKeras's searches or the candidates by hand are better is open",
        )
        shown = measured(evidence, searches, first, second, "search or seed", "searches or seeds")
        return Claim("autokeras_better", claim, searches.verdict, sentence, shown)
    # A search counts once: seeds of the one network that it found say nothing of another search.
    few = "too few searches cannot separate the methods"
    sentence = decided_sentence(
        found,
        f"The network that AutoKeras found is better than the one found by hand, but {few}",
        f"The network found by hand is better than the one that AutoKeras found, but {few}",
        "Whether AutoKeras's network or the one found by hand is better this study cannot tell",
    )
    return Claim(
        "autokeras_better", claim, UNDECIDED, sentence, measured(evidence, found, first, second)
    )


def _autokeras_complex(evidence: Evidence) -> Claim | None:
    first, second = evidence.with_proposer("autokeras"), evidence.with_proposer("hand")
    if not first or not second:
        return None
    ours, theirs = (evidence.experiments[name]["network"] for name in (first, second))
    if not ours or not theirs:
        return None
    larger = {ours[key] > theirs[key] for key in ("parameters", "layers", "flops")}
    if larger == {True}:
        found = "has more layers and parameters and costs more operations than"
    elif larger == {False}:
        found = "has no more layers or parameters and costs no more operations than"
    else:
        found = "is larger in some respects and smaller in others than"
    text = "; ".join(
        f"{who}: {network['layers']} layers, {wording.big(network['parameters'])} parameters, "
        f"{wording.big(network['flops'])} operations for a picture"
        for who, network in (("AutoKeras", ours), ("by hand", theirs))
    )
    return Claim(
        "autokeras_complex",
        "AutoKeras tends to complex architectures, by hand one starts from an easy one",
        UNDECIDED,
        f"AutoKeras's network {found} the one found by hand; two networks show no tendency",
        text,
    )


def _autokeras_converges(evidence: Evidence) -> Claim | None:
    searches = [
        best
        for found in evidence.best.values()
        for best in found
        if best["proposer"] == "autokeras"
    ]
    if not searches or not evidence.with_proposer("autokeras"):
        return None
    trials = sum(best["trials"] for best in searches)
    return Claim(
        "autokeras_converges",
        "AutoKeras converges to the best result given enough time",
        NOT_TESTABLE,
        "That AutoKeras converges given enough time no finite search can test; the best score "
        "so far against its cost is shown instead",
        f"{wording.plural(len(searches), 'search', 'searches')}, {wording.plural(trials, 'trial')}",
    )


def _transfer_accurate(evidence: Evidence) -> Claim | None:
    pair = transfer_and_control(evidence)
    found = pair and difference(evidence, *pair, "test_top1")
    if not found:
        return None
    return Claim(
        "transfer_accurate",
        "Transfer learning is efficient: it gives the best accuracies",
        found.verdict,
        decided_sentence(
            found,
            "Transfer gives a higher accuracy than training the same network from scratch",
            "Transfer gives a lower accuracy than training the same network from scratch",
            "Whether transfer or training from scratch gives the higher accuracy is open",
        ),
        measured(evidence, found, *pair),
    )


def _transfer_fast(evidence: Evidence) -> Claim | None:
    pair = transfer_and_control(evidence)
    if not pair:
        return None
    transfer, control = (evidence.experiments[name] for name in pair)
    first, second = (
        {run["seed"]: run["device_seconds"] for run in each["runs"] if run["metrics"]}
        for each in (transfer, control)
    )
    shared = sorted(first.keys() & second.keys())
    if not shared:
        return None
    # Of times the ratio is what counts: how many times as long the control took.
    logs = [[math.log(side[seed]) for seed in shared] for side in (second, first)]
    verdict = decided(statistics.paired(*logs))
    enough = len(shared) >= SEEDS_NEEDED
    lacking = "the interval of the ratio includes one" if enough else few_seeds(len(shared))
    words = {
        HOLDS: "Transfer took less time than training the same network from scratch",
        OPPOSITE: "Transfer took more time than training the same network from scratch",
        UNDECIDED: f"Whether transfer is the faster one is open: {lacking}",
    }
    aside = ""
    if transfer["start"]["provenance"] == "study":
        aside = "; the training of the starting network is not counted"
    spent = (wording.duration(each["device_seconds"]["mean"]) for each in (transfer, control))
    return Claim(
        "transfer_fast",
        "Transfer learning is efficient: training is fast because most weights stay",
        verdict,
        words[verdict] + aside,
        "device time of a run: {} against {}, over {}".format(
            *spent, wording.plural(len(shared), "seed")
        ),
    )


def transfer_and_control(evidence: Evidence) -> tuple[str, str] | None:
    """The transfer experiment and the same network from scratch on the same data."""
    name = "vgg16_transfer"
    if name not in evidence.experiments:
        return None
    control = evidence.from_scratch(evidence.experiments[name]["dataset"], "vgg16")
    return (name, control) if control else None


def _transfer_beats_fine_tuning(evidence: Evidence) -> Claim | None:
    first, second = "vgg16_transfer", "vgg16_fine_tune"
    if first not in evidence.experiments or second not in evidence.experiments:
        return None
    found = difference(evidence, first, second, "test_top1")
    if not found:
        return None
    stated = evidence.original["data"]["tiny_imagenet"]["classes"]
    classes = evidence.classes(second)
    aside = "" if classes == stated else f"; the reason given, {stated} classes, does not apply"
    return Claim(
        "transfer_beats_fine_tuning",
        f"Transfer beats fine-tuning, for want of data points for {stated} classes",
        found.verdict,
        decided_sentence(
            found,
            "Keeping VGG-16's weights is better than fine-tuning them",
            "Fine-tuning VGG-16's weights is better than keeping them",
            "Whether keeping VGG-16's weights or fine-tuning them is better is open",
        )
        + aside,
        f"{measured(evidence, found, first, second)}; the data have {classes} classes",
    )


def _best_of_all(evidence: Evidence) -> Claim | None:
    classes = {evidence.classes(name) for name in evidence.of_role("original")}
    if len(classes) < 2:
        return None
    shown = wording.listing([wording.accuracy(statistics.chance(each)) for each in sorted(classes)])
    return Claim(
        "transfer_best_of_all",
        "The two VGG-16 experiments on CIFAR-10 have the best accuracies of all",
        NOT_COMPARABLE,
        "Experiments on data sets with different numbers of classes cannot be ranked together",
        f"the accuracies of guessing are {shown}",
    )


def _autokeras_cost(evidence: Evidence) -> Claim | None:
    name = evidence.with_proposer("autokeras")
    if not name or not evidence.experiments[name]["network"]:
        return None
    stated = evidence.original["autokeras"]
    network = evidence.experiments[name]["network"]
    spent = evidence.experiments[name]["search"]["device_seconds"]
    days = wording.word(stated["days"])
    return Claim(
        "autokeras_cost",
        f"AutoKeras delivered a network of {stated['layers']} layers after more than {days} days",
        NOT_COMPARABLE,
        "The cost of AutoKeras's search cannot be compared: program, budget and machine differ",
        f"here {network['layers']} layers after {wording.duration(spent)} of device time",
    )


CLAIMS: tuple[Callable[[Evidence], Claim | None], ...] = (
    _transfer_fast,
    _transfer_accurate,
    _best_of_all,
    _transfer_beats_fine_tuning,
    _autokeras_better,
    _autokeras_cost,
    _autokeras_converges,
    _autokeras_complex,
)
