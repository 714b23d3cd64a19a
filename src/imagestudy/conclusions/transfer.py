"""What the original says of transfer learning."""

import math
from collections.abc import Callable

from imagestudy import statistics, wording
from imagestudy.claims import NOT_COMPARABLE, Claim, Words, lacking, not_learned
from imagestudy.conclusions.pairs import Compared, not_run, of_pair
from imagestudy.costs import seconds_to_equal_accuracy
from imagestudy.evidence import Evidence, Pair
from imagestudy.methods import HOLDS, OPPOSITE, SEEDS, SEEDS_NEEDED, decided, unlearned

EFFICIENT = "Transfer learning is efficient"


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
        return not_run(evidence, name, statement, pair)
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


def transfer_repeated(evidence: Evidence) -> bool:
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


def _transfer_accurate(evidence: Evidence, compared: Compared) -> Claim | None:
    pair = evidence.pair("vgg16_transfer", "vgg16")
    words = Words(
        "Transfer gives a higher accuracy than training VGG-16 from scratch",
        "Transfer gives a lower accuracy than training VGG-16 from scratch",
        "Whether transfer or training from scratch gives the higher accuracy is open",
    )
    statement = f"{EFFICIENT}: it gives the best accuracies"
    aside = _started(evidence, pair) if pair else ""
    return of_pair(evidence, compared, "transfer_accurate", statement, pair, words, aside)


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
    return of_pair(evidence, compared, name, EFFICIENT, pair, words, aside)


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
    repeated = transfer_repeated(evidence)
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
    claim = of_pair(evidence, compared, name, statement, pair, words, aside)
    return claim._replace(evidence=claim.evidence | numbers)


OF_TRANSFER: tuple[Callable[[Evidence, Compared], Claim | None], ...] = (
    _transfer_fast,
    _transfer_fast_to_equal_accuracy,
    _transfer_accurate,
    _transfer_accurate_with_few,
    _best_of_all,
    _transfer_beats_fine_tuning,
)
