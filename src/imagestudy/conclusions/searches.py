"""What the original says of AutoKeras beside building by hand."""

import math
from collections.abc import Callable

from imagestudy import statistics, wording
from imagestudy.claims import NOT_COMPARABLE, NOT_TESTABLE, Claim, Words, lacking
from imagestudy.conclusions.pairs import Compared, not_run, of_pair
from imagestudy.evidence import Evidence, Pair
from imagestudy.methods import HOLDS, OPPOSITE, SEARCHES, SEEDS_NEEDED, decided

COMPLEX = "AutoKeras tends to complex architectures, by hand one starts from an easy one"


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
    return of_pair(evidence, compared, name, statement, pair, words)


def _autokeras_complex(evidence: Evidence, pair: Pair, compared: Compared) -> Claim | None:
    sides = [evidence.networks_of_searches(name) for name in pair]
    name = _named("autokeras_complex", evidence, pair)
    original = evidence.experiments[pair[0]]["role"] == "original"
    statement = COMPLEX if original else None
    if not all(sides):
        return not_run(evidence, name, statement, pair)
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


OF_SEARCHES: tuple[Callable[[Evidence, Pair, Compared], Claim | None], ...] = (
    _autokeras_better,
    _autokeras_cost,
    _autokeras_converges,
    _autokeras_complex,
)
