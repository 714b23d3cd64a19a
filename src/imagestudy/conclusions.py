"""The original's conclusions as claims, each judged by this study's results."""

import math
from collections.abc import Callable

from imagestudy import statistics, wording
from imagestudy.claims import (
    NOT_COMPARABLE,
    NOT_TESTABLE,
    Claim,
    Words,
    lacking,
    not_learned,
    of_methods,
)
from imagestudy.costs import seconds_to_equal_accuracy
from imagestudy.evidence import Evidence, Pair
from imagestudy.methods import (
    HOLDS,
    OPPOSITE,
    SEARCHES,
    SEEDS,
    SEEDS_NEEDED,
    Methods,
    decided,
    unlearned,
)

Compared = dict[Pair, Methods]
EFFICIENT = "Transfer learning is efficient"
COMPLEX = "AutoKeras tends to complex architectures, by hand one starts from an easy one"


def _transfer_fast(evidence: Evidence, compared: Compared) -> Claim | None:
    pair = evidence.pair("vgg16_transfer", "vgg16")
    if not pair:
        return None
    times = [
        {run["seed"]: run["device_seconds"] for run in evidence.experiments[name]["runs"]}
        for name in pair
    ]
    measured = [evidence.values(name, "test_top1").keys() for name in pair]
    seeds = sorted(measured[0] & measured[1])
    return _of_times(
        evidence,
        "transfer_fast",
        f"{EFFICIENT}: training is fast because most weights stay",
        pair,
        [[side[seed] for seed in seeds] for side in times],
        "of device time a run",
        Words(
            "Transfer takes less time than training VGG-16 from scratch",
            "Transfer takes more time than training VGG-16 from scratch",
            "Whether transfer is the faster one is open",
        ),
    )


def _transfer_fast_to_equal_accuracy(evidence: Evidence, compared: Compared) -> Claim | None:
    pair = evidence.pair("vgg16_transfer", "vgg16")
    if not pair:
        return None
    return _of_times(
        evidence,
        "transfer_fast_to_equal_accuracy",
        f"{EFFICIENT}: training is fast because most weights stay",
        pair,
        seconds_to_equal_accuracy(evidence, pair),
        "of device time to the accuracy that both reach on the selection pictures",
        Words(
            "To an equal accuracy transfer takes less time than training VGG-16 from scratch",
            "To an equal accuracy transfer takes more time than training VGG-16 from scratch",
            "Whether transfer is the faster one to an equal accuracy is open",
        ),
    )


def _of_times(
    evidence: Evidence,
    name: str,
    statement: str,
    pair: Pair,
    times: list[list[float]],
    what: str,
    words: Words,
) -> Claim | None:
    """The claim that the first takes less time, from times paired by seed."""
    seeds, spoilt = len(times[0]), unlearned(evidence, pair)
    if not seeds:
        return _not_run(evidence, name, statement, pair)
    # Of times the ratio is what counts: how many times as long the second takes.
    logs = [[math.log(each) for each in side] for side in reversed(times)]
    found = statistics.paired(*logs)
    p = statistics.student(*logs) if seeds >= SEEDS_NEEDED and not spoilt else None
    outcome = decided(found.mean, p)
    why = not_learned(evidence, spoilt) if spoilt else lacking(seeds, SEEDS)
    said = {HOLDS: words.holds, OPPOSITE: words.opposite}
    text = said.get(outcome, f"{words.undecided}: {why}")
    aside = f"{_started(evidence, pair)}; the training of what it starts from is not counted"
    titles = [evidence.experiments[each]["title"] for each in pair]
    spent = [
        f"{title} {wording.duration(sum(side) / seeds)}"
        for title, side in zip(titles, times, strict=True)
    ]
    ratio = f"{math.exp(found.mean):.2g} times as long ({wording.plural(seeds, 'seed')})"
    ends = {
        key: None if end is None else math.exp(end)
        for key, end in (("low", found.low), ("high", found.high))
    }
    numbers = {
        "first": pair[0],
        "second": pair[1],
        "first_device_seconds": times[0],
        "second_device_seconds": times[1],
        "ratio": math.exp(found.mean),
        **ends,
        "p": p,
        "units": seeds,
        "units_needed": SEEDS_NEEDED,
        "unlearned": list(spoilt),
    }
    sure = "" if p is None else f", {wording.p_value(p)}"
    measured = f"{', '.join(spent)} {what}, {ratio}{sure}"
    return Claim(name, statement, outcome, text, numbers, measured, aside=aside)


def _transfer_repeated(evidence: Evidence) -> bool:
    """Whether the original's transfer is repeated, so that what it says of it is judged."""
    originals = evidence.of_role("original").values()
    return any(each["script"] == "vgg16_transfer" for each in originals)


def _started(evidence: Evidence, pair: Pair) -> str:
    """What the first starts from, where it is not what the original started from."""
    start = evidence.experiments[pair[0]]["start"]
    if start["provenance"] != "study":
        return ""
    title = evidence.experiments[start["name"]]["title"]
    return f"; here transfer starts from our {title}, not from ImageNet's weights"


def _not_run(evidence: Evidence, name: str, statement: str | None, pair: Pair) -> Claim:
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


def _of_pair(
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
        return _not_run(evidence, name, statement, pair)
    return of_methods(evidence, name, statement, compared[pair], words)._replace(aside=aside)


def _transfer_accurate(evidence: Evidence, compared: Compared) -> Claim | None:
    pair = evidence.pair("vgg16_transfer", "vgg16")
    words = Words(
        "Transfer gives a higher accuracy than training VGG-16 from scratch",
        "Transfer gives a lower accuracy than training VGG-16 from scratch",
        "Whether transfer or training from scratch gives the higher accuracy is open",
    )
    statement = f"{EFFICIENT}: it gives the best accuracies"
    aside = _started(evidence, pair) if pair else ""
    return _of_pair(evidence, compared, "transfer_accurate", statement, pair, words, aside)


def _transfer_accurate_with_few(evidence: Evidence, compared: Compared) -> Claim | None:
    pair = evidence.pair("vgg16_transfer", "vgg16", few=True)
    if not pair:
        return None
    pictures = evidence.experiments[pair[0]]["settings"]["training"]["pictures"]
    few = f"With {wording.count(pictures)} training pictures"
    words = Words(
        f"{few} transfer gives a higher accuracy than training from scratch",
        f"{few} transfer gives a lower accuracy than training from scratch",
        f"{few}, whether transfer or training from scratch is the more accurate is open",
    )
    name = "transfer_accurate_with_few_pictures"
    aside = _started(evidence, pair)
    return _of_pair(evidence, compared, name, EFFICIENT, pair, words, aside)


def _best_of_all(evidence: Evidence, compared: Compared) -> Claim | None:
    datasets = {each["dataset"] for each in evidence.of_role("original").values()}
    guessing = {
        str(len(evidence.datasets[name]["classes"])): evidence.chance(name)
        for name in sorted(datasets)
    }
    if len(guessing) < 2:
        return None
    shown = wording.listing([wording.accuracy(each) for each in guessing.values()])
    return Claim(
        "transfer_best_of_all",
        "The two VGG-16 experiments on CIFAR-10 have the best accuracies of all",
        NOT_COMPARABLE,
        "Experiments on data sets with different numbers of classes cannot be ranked together",
        {"guessing": guessing},
        f"the accuracies of guessing are {shown}",
    )


def _transfer_beats_fine_tuning(evidence: Evidence, compared: Compared) -> Claim | None:
    pair = evidence.pair("vgg16_transfer", "vgg16_fine_tune")
    if not pair:
        return None
    stated = evidence.original["data"]["tiny_imagenet"]["classes"]
    classes = evidence.classes(pair[0])
    repeated = _transfer_repeated(evidence)
    other = repeated and classes != stated
    aside = f"; the reason given, {stated} classes, does not apply" if other else ""
    numbers = {"classes": classes} | ({"stated_classes": stated} if repeated else {})
    words = Words(
        "Keeping VGG-16's weights is better than fine-tuning them",
        "Fine-tuning VGG-16's weights is better than keeping them",
        "Whether keeping VGG-16's weights or fine-tuning them is better is open",
    )
    statement = f"Transfer beats fine-tuning, for want of data points for {stated} classes"
    name, aside = "transfer_beats_fine_tuning", _started(evidence, pair) + aside
    claim = _of_pair(evidence, compared, name, statement, pair, words, aside)
    return claim._replace(evidence=claim.evidence | numbers)


def _autokeras_better(evidence: Evidence, pair: Pair, compared: Compared) -> Claim | None:
    original = evidence.experiments[pair[0]]["role"] == "original"
    on = "" if original else f" on {_data(evidence, pair)}"
    words = Words(
        f"AutoKeras's searches find better networks{on} than the candidates declared by hand hold",
        f"The candidates declared by hand hold a better network{on} than AutoKeras's searches find",
        f"Whether AutoKeras's searches or the candidates by hand are better{on} is open",
    )
    name = _named("autokeras_better", evidence, pair)
    statement = "AutoKeras did slightly better than building by hand" if original else None
    return _of_pair(evidence, compared, name, statement, pair, words)


def _autokeras_complex(evidence: Evidence, pair: Pair, compared: Compared) -> Claim | None:
    sides = [evidence.networks_of_searches(name) for name in pair]
    name = _named("autokeras_complex", evidence, pair)
    original = evidence.experiments[pair[0]]["role"] == "original"
    statement = COMPLEX if original else None
    if not all(sides):
        return _not_run(evidence, name, statement, pair)
    # A person searched once: what is asked is how AutoKeras's networks lie to that one.
    hand = next(iter(sides[1].values()))["parameters"]
    parameters = [each["parameters"] for each in sides[0].values()]
    logs = [[math.log(each) for each in parameters], [math.log(hand)] * len(parameters)]
    found = statistics.paired(*logs)
    searches = len(parameters)
    p = statistics.student(*logs) if searches >= SEEDS_NEEDED else None
    outcome = decided(found.mean, p)
    on = "" if original else f" on {_data(evidence, pair)}"
    said = {
        HOLDS: f"AutoKeras's networks{on} have more parameters than the one found by hand",
        OPPOSITE: f"AutoKeras's networks{on} have fewer parameters than the one found by hand",
    }
    undecided = f"Whether AutoKeras tends to larger networks{on} than one finds by hand is open"
    measured = "; ".join(
        f"{who} {network['layers']} layers, {wording.big(network['parameters'])} parameters, "
        f"{wording.big(network['flops'])} operations for a picture"
        for who, networks in (("AutoKeras", sides[0]), ("by hand", sides[1]))
        for network in networks.values()
    )
    kept = ("layers", "parameters", "flops")
    networks = [[{key: each[key] for key in kept} for each in side.values()] for side in sides]
    return Claim(
        name,
        statement,
        outcome,
        said.get(outcome, f"{undecided}: {lacking(searches, SEARCHES)}"),
        {
            "autokeras": networks[0],
            "hand": networks[1],
            "ratio_of_parameters": math.exp(found.mean),
            "p": p,
            "units": searches,
            "units_needed": SEEDS_NEEDED,
        },
        measured,
    )


def _autokeras_converges(evidence: Evidence, pair: Pair, compared: Compared) -> Claim | None:
    if evidence.experiments[pair[0]]["role"] != "original":
        return None
    name = evidence.experiments[pair[0]]["search"]["search"]
    searches = evidence.best[name]
    trials = sum(best["trials"] for best in searches)
    curve = evidence.ledgers[name][["seed", "cumulative_device_seconds", "best_so_far"]]
    known = curve.dropna()
    return Claim(
        "autokeras_converges",
        "AutoKeras converges to the best result given enough time",
        NOT_TESTABLE,
        "That AutoKeras converges given enough time no finite search can test; the best score "
        "so far against its cost is shown instead",
        {"searches": len(searches), "trials": trials, "best_so_far": known.to_dict("records")},
        f"{wording.plural(len(searches), 'search', 'searches')}, {wording.plural(trials, 'trial')}",
    )


def _autokeras_cost(evidence: Evidence, pair: Pair, compared: Compared) -> Claim | None:
    each = evidence.experiments[pair[0]]
    if each["role"] != "original":
        return None
    stated = evidence.original["autokeras"]
    layers = each["network"] and each["network"]["layers"]
    found = f"{layers} layers" if layers else "no network"
    spent = each["search"]["device_seconds"]
    days = wording.word(stated["days"])
    return Claim(
        "autokeras_cost",
        f"AutoKeras delivered a network of {stated['layers']} layers after more than {days} days",
        NOT_COMPARABLE,
        f"The cost of AutoKeras's search cannot be compared: {stated['differ']} differ",
        {
            "layers": layers,
            "device_seconds": spent,
            "stated_layers": stated["layers"],
            "stated_days": stated["days"],
        },
        f"{found} after {wording.duration(spent)} of device time",
    )


def _named(name: str, evidence: Evidence, pair: Pair) -> str:
    """A claim's name; on other data than the original's with that of the data."""
    each = evidence.experiments[pair[0]]
    return name if each["role"] == "original" else f"{name}_{each['dataset']}"


def _data(evidence: Evidence, pair: Pair) -> str:
    return evidence.datasets[evidence.experiments[pair[0]]["dataset"]]["title"]


OF_TRANSFER: tuple[Callable[[Evidence, Compared], Claim | None], ...] = (
    _transfer_fast,
    _transfer_fast_to_equal_accuracy,
    _transfer_accurate,
    _transfer_accurate_with_few,
    _best_of_all,
    _transfer_beats_fine_tuning,
)
OF_SEARCHES: tuple[Callable[[Evidence, Pair, Compared], Claim | None], ...] = (
    _autokeras_better,
    _autokeras_cost,
    _autokeras_converges,
    _autokeras_complex,
)


def conclusions(evidence: Evidence, compared: Compared) -> list[Claim]:
    """The original's claims that this study's experiments can speak to, in its order."""
    made = [claim(evidence, compared) for claim in OF_TRANSFER]
    if not _transfer_repeated(evidence):
        made = [claim and claim._replace(statement=None) for claim in made]
    for pair in evidence.pairs_of_searches("autokeras", "hand"):
        made += [claim(evidence, pair, compared) for claim in OF_SEARCHES]
    return [claim for claim in made if claim is not None]
