"""Every claim, turned over by changing the data."""

import copy
import dataclasses
import json
import zlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
import sample_results

from imagestudy import argument, choices, claims, methods
from imagestudy.argument import Claim
from imagestudy.costs import device_seconds_in_all as costs_of
from imagestudy.evidence import Evidence
from imagestudy.methods import HOLDS, OPPOSITE, UNDECIDED
from imagestudy.tables import pairs

SEEDS = (1, 2, 3)
FEW = 4500


def write(evidence: Evidence, name: str, accuracy: float) -> None:
    """Let an experiment have this test accuracy, with a spread over seeds of its own."""
    generator = np.random.default_rng(zlib.crc32(name.encode()))
    each = evidence.experiments[name]
    for run in each["runs"]:
        run["metrics"]["test"]["top1"] = accuracy + float(generator.normal(0, 0.002))
    values = [run["metrics"]["test"]["top1"] for run in each["runs"]]
    each["metrics"]["test_top1"] = sample_results.metric_of(values, 10000)


def add(evidence: Evidence, name: str, like: str, **changed) -> None:
    """One more experiment, like another but for what is changed."""
    each = copy.deepcopy(evidence.experiments[like])
    evidence.experiments[name] = each | {"title": name, "role": "control"} | changed
    evidence.histories[name] = evidence.histories[like]
    evidence.examined["networks"][name] = evidence.examined["networks"][like]


@pytest.fixture
def whole(written) -> Evidence:
    return copy.deepcopy(written)


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Evidence:
    """A study of all that `full` has: three seeds and searches, a tenth, two data sets searched."""
    root = sample_results.write(tmp_path_factory.mktemp("whole"), "official", SEEDS)
    evidence = Evidence.read(**sample_results.inputs(root, SEEDS))
    for name, like in (("transfer_tenth", "vgg16_transfer"), ("scratch_tenth", "vgg16_cifar10")):
        settings = copy.deepcopy(evidence.experiments[like]["settings"])
        settings["training"]["pictures"] = FEW
        add(evidence, name, like, settings=settings)
    evidence.study["families"]["transfer"].append(["transfer_tenth", "scratch_tenth"])
    for seed in (2, 3):
        search = evidence.experiments["autokeras"]["search"] | {"seed": seed}
        add(evidence, f"autokeras_{seed}", "autokeras", search=search)
        write(evidence, f"autokeras_{seed}", 0.6)
        for search in ("autokeras", "random"):
            evidence.best[search].append(evidence.best[search][0] | {"seed": seed})
    for proposer, like in (("autokeras", "autokeras"), ("hand", "keras_cnn")):
        add(evidence, f"{proposer}_cifar10", like, dataset="cifar10")
    evidence.study["families"]["searches"].append(["autokeras_cifar10", "hand_cifar10"])
    return evidence


def found(evidence: Evidence) -> dict[str, Claim]:
    return {claim.name: claim for claim in argument.claims(evidence)}


def accuracies(first: str, second: str):
    """The changes that make the first better, worse, and as good as the second."""

    def change(evidence: Evidence, difference: float) -> None:
        for name in evidence.experiments:
            if name.rstrip("_23") == first:
                write(evidence, name, 0.6 + difference)
        write(evidence, second, 0.6)

    return change


def seconds(evidence: Evidence, difference: float) -> None:
    for name, sign in (("vgg16_transfer", -1), ("vgg16_cifar10", 1)):
        for run in evidence.experiments[name]["runs"]:
            run["device_seconds"] = 80 + run["seed"] + 100 * max(0, sign * difference)


def epochs(evidence: Evidence, difference: float) -> None:
    """The second reaches in its last epoch what the first had in its second, or the reverse."""
    steep = [0.1, 0.6, 0.6, 0.6]
    flat = [0.1, 0.2, 0.3, 0.6]
    for seed in SEEDS:
        pairs = {"vgg16_transfer": steep if difference > 0 else flat}
        pairs["vgg16_cifar10"] = flat if difference > 0 else steep
        if not difference:
            pairs = dict.fromkeys(pairs, steep if seed == 1 else flat)
        for name, curve in pairs.items():
            frame = evidence.histories[name][seed].head(4).assign(selection_top1=curve)
            evidence.histories[name] = evidence.histories[name] | {seed: frame}


def sizes(evidence: Evidence, difference: float) -> None:
    for name in ("autokeras", "autokeras_2", "autokeras_3"):
        network = evidence.experiments[name]["network"]
        spread = 1 + 0.01 * int(name[-1]) if name[-1].isdigit() else 1
        hand = evidence.experiments["keras_cnn"]["network"]["parameters"]
        larger = 2.0**difference if difference else {"2": 3, "3": 0.3}.get(name[-1], 1)
        network["parameters"] = round(hand * larger * spread)


def scores(evidence: Evidence, difference: float) -> None:
    for search, mean in (("autokeras", 0.5 + difference), ("random", 0.5)):
        for best in evidence.best[search]:
            best["score"] = mean + 0.002 * best["seed"]


def together(evidence: Evidence, difference: float) -> None:
    examined = evidence.examined["datasets"]["tiny_imagenet"]
    examined["ensemble"] |= {"difference": difference, "p": 0.001 if difference else 0.9}


def highest(evidence: Evidence, difference: float) -> None:
    for name, each in evidence.experiments.items():
        if each["dataset"] == "cifar10":
            write(evidence, name, 0.6 + (difference if name == "vgg16_transfer" else 0))


def ahead(evidence: Evidence, difference: float, later: float | None = None) -> None:
    """AutoKeras has the first score; when both have one it is ahead by so much, then by `later`."""
    end = difference if later is None else later
    rows = {
        "autokeras": [(10, 0.2), (14, 0.5 + difference), (30, 0.5 + end)],
        "hand": [(15, 0.5), (40, 0.5)],
    }
    for search, trials in rows.items():
        ledger = evidence.ledgers[search].head(len(trials)).copy()
        ledger["cumulative_device_seconds"] = [float(seconds) for seconds, _ in trials]
        ledger["best_so_far"] = [score for _, score in trials]
        evidence.ledgers[search] = ledger


def published(evidence: Evidence, difference: float) -> None:
    evidence.original["rows"]["autokeras"]["validation"] = str(0.3647 + difference)


def costs(evidence: Evidence, difference: float) -> None:
    """VGG-16 is within the margin of the most accurate, and its cost less, more, or the same."""
    for name, each in evidence.experiments.items():
        if each["dataset"] == "tiny_imagenet":
            write(evidence, name, {"long_name": 0.9, "vgg16": 0.89}.get(name, 0.5))
            each["device_seconds"] = {"mean": 100.0}
    evidence.experiments["vgg16"]["device_seconds"] = {"mean": 100.0 + 50 * difference}


class Flip(NamedTuple):
    """A change of the data by a difference, and how the sentence begins for each of its signs."""

    change: Callable[[Evidence, float], None]
    holds: str
    opposite: str
    undecided: str


RECIPE = sample_results.TITLES["long_name"][0]
FLIPS = {
    "transfer_fast": Flip(
        seconds,
        "Transfer takes less time than training VGG-16 from scratch",
        "Transfer takes more time than training VGG-16 from scratch",
        "Whether transfer is the faster one is open",
    ),
    "transfer_fast_to_equal_accuracy": Flip(
        epochs,
        "To an equal accuracy transfer takes less time than",
        "To an equal accuracy transfer takes more time than",
        "Whether transfer is the faster one to an equal accuracy is open",
    ),
    "transfer_accurate": Flip(
        accuracies("vgg16_transfer", "vgg16_cifar10"),
        "Transfer gives a higher accuracy than",
        "Transfer gives a lower accuracy than",
        "Whether transfer or training from scratch gives the higher accuracy is open",
    ),
    "transfer_accurate_with_few_pictures": Flip(
        accuracies("transfer_tenth", "scratch_tenth"),
        "With 4\u202f500 training pictures transfer gives a higher accuracy than",
        "With 4\u202f500 training pictures transfer gives a lower accuracy than",
        "With 4\u202f500 training pictures, whether transfer or",
    ),
    "transfer_beats_fine_tuning": Flip(
        accuracies("vgg16_transfer", "vgg16_fine_tune"),
        "Keeping VGG-16's weights is better than fine-tuning them",
        "Fine-tuning VGG-16's weights is better than keeping them",
        "Whether keeping VGG-16's weights or",
    ),
    "autokeras_better": Flip(
        accuracies("autokeras", "keras_cnn"),
        "AutoKeras's searches find better networks than the candidates declared by hand",
        "The candidates declared by hand hold a better network than AutoKeras's searches",
        "Whether AutoKeras's searches or the candidates by hand are better is open",
    ),
    "autokeras_complex": Flip(
        sizes,
        "AutoKeras's networks have more parameters than",
        "AutoKeras's networks have fewer parameters than",
        "Whether AutoKeras tends to larger networks than",
    ),
    "vgg16_fine_tune_over_vgg16_cifar10": Flip(
        accuracies("vgg16_fine_tune", "vgg16_cifar10"),
        "Fine-tuned VGG-16 is more accurate than VGG-16 from scratch",
        "Fine-tuned VGG-16 is less accurate than VGG-16 from scratch",
        "Whether Fine-tuned VGG-16 or VGG-16 from scratch is the more accurate is open",
    ),
    "long_name_over_keras_cnn": Flip(
        accuracies("long_name", "keras_cnn"),
        f"{RECIPE} is more accurate than Keras CNN by hand",
        f"{RECIPE} is less accurate than Keras CNN by hand",
        f"Whether {RECIPE} or Keras CNN by hand is the more accurate is open",
    ),
    "ensemble_tiny_imagenet": Flip(
        together,
        "Together five networks get more of the test pictures on Tiny ImageNet right than",
        "Together five networks get fewer, not more, of the test pictures on Tiny ImageNet right",
        "Whether five networks together get more of the test pictures",
    ),
    "autokeras_over_random": Flip(
        scores,
        "AutoKeras finds better trials than Random search",
        "AutoKeras finds worse trials than Random search",
        "Whether AutoKeras finds better trials than Random search",
    ),
    "original_told_apart": Flip(
        published,
        "By their published accuracies the original's AutoKeras is better than its network by hand",
        "By their published accuracies the original's AutoKeras is worse than its network by hand",
        "By their published accuracies the original's AutoKeras and its network by hand cannot be",
    ),
    "lead_tiny_imagenet": Flip(
        ahead,
        "AutoKeras is ahead on Tiny ImageNet since both have a score",
        "Candidates by hand is ahead on Tiny ImageNet since both have a score",
        "Neither AutoKeras nor Candidates by hand is ahead on Tiny ImageNet",
    ),
    "choice_tiny_imagenet": Flip(
        lambda evidence, difference: costs(evidence, -difference),
        "For pictures like those of Tiny ImageNet, of all that was tried VGG-16 is the one to take",
        f"For pictures like those of Tiny ImageNet, of all that was tried {RECIPE} is the one to",
        f"For pictures like those of Tiny ImageNet, of all that was tried {RECIPE} is the one to",
    ),
}

CELLS = ("keras_cnn", "autokeras", "alexnet", "vgg16", "vgg16_transfer", "vgg16_fine_tune")
# What says what was measured, whatever it decides.
MEASURED_ONLY = ("lead_tiny_imagenet", "choice_tiny_imagenet")


def replicated(evidence: Evidence, difference: float) -> None:
    write(evidence, "alexnet", 0.2507 + max(0, -difference))


def in_order(evidence: Evidence, difference: float) -> None:
    write(evidence, "alexnet", 0.5 - difference)
    write(evidence, "keras_cnn", 0.5)


def gap(evidence: Evidence, difference: float) -> None:
    evidence.original["rows"]["vgg16_fine_tune"]["train"] = str(0.6559 + max(0, difference))


# What declared rules decide, always: a change, and how the two sentences go on.
RULES = {
    "replicated_alexnet_validation": (
        replicated,
        "accuracy of AlexNet is within the declared tolerance of ours",
        "accuracy of AlexNet is below ours by 0.2",
    ),
    "order_expected": (
        in_order,
        "No two experiments stand in an order that was not expected",
        "An order that was not expected: AlexNet (0.7",
    ),
    "original_overfits": (
        gap,
        "fine-tuned network overfits, as it would",
        "fine-tuned network does not overfit, as it would",
    ),
}
# What no data of one study can decide, or only one way.
OTHERS = {
    "transfer_best_of_all": claims.NOT_COMPARABLE,
    "autokeras_cost": claims.NOT_COMPARABLE,
    "autokeras_converges": claims.NOT_TESTABLE,
    "autokeras_better_cifar10": UNDECIDED,  # one search each
    "autokeras_complex_cifar10": UNDECIDED,
}
TESTED_ALONE = {"highest_tiny_imagenet", "highest_cifar10", "ensemble_cifar10", "choice_cifar10"}


def test_all_claims_are_known_here(whole):
    cells = {f"replicated_{name}_{cell}" for name in CELLS for cell in ("train", "validation")}
    known = FLIPS.keys() | OTHERS.keys() | RULES.keys() | TESTED_ALONE | cells
    assert found(whole).keys() == known


@pytest.mark.parametrize("name", FLIPS)
@pytest.mark.parametrize(
    ("difference", "outcome"), [(0.2, HOLDS), (-0.2, OPPOSITE), (0, UNDECIDED)]
)
def test_a_claim_and_its_sentence_follow_the_data(whole, name, difference, outcome):
    flip = FLIPS[name]
    flip.change(whole, difference)
    claim = found(whole)[name]
    assert claim.outcome == (UNDECIDED if name in MEASURED_ONLY else outcome), claim
    assert claim.sentence.startswith(getattr(flip, outcome))
    json.dumps(claim.evidence, allow_nan=False)


@pytest.mark.parametrize("name", RULES)
def test_what_a_rule_decides_follows_the_data(whole, name):
    change, *said = RULES[name]
    for difference, outcome, fragment in zip((0.2, -0.2), (HOLDS, OPPOSITE), said, strict=True):
        change(whole, difference)
        claim = found(whole)[name]
        assert (claim.outcome, fragment in claim.sentence) == (outcome, True), claim
        json.dumps(claim.evidence, allow_nan=False)


def test_a_lead_counts_since_both_searches_have_a_score(whole):
    """AutoKeras alone has a score first, and then is behind at once: no lead has changed."""
    ahead(whole, -0.2)
    claim = found(whole)["lead_tiny_imagenet"]
    since = "since both have a score"
    assert claim.sentence.startswith(f"Candidates by hand is ahead on Tiny ImageNet {since}, until")
    assert claim.measured == "no changes of the lead in that time"
    assert claim.evidence["leader"] == "hand"
    ahead(whole, -0.2, 0.2)
    said = found(whole)["lead_tiny_imagenet"].sentence
    assert said.startswith("AutoKeras is ahead on Tiny ImageNet from 30\u202fs of device time on")
    assert found(whole)["lead_tiny_imagenet"].measured == f"one change of the lead {since}"


@pytest.mark.parametrize("name", OTHERS)
def test_what_cannot_be_decided_is_not(whole, name):
    assert found(whole)[name].outcome == OTHERS[name]


def test_experiments_on_one_problem_can_be_ranked(whole):
    for each in whole.experiments.values():
        each["dataset"] = "tiny_imagenet"
    assert "transfer_best_of_all" not in found(whole)


def test_the_highest_is_the_best_only_where_all_others_are_surely_lower(whole):
    highest(whole, 0.2)
    claim = found(whole)["highest_cifar10"]
    assert claim.outcome == HOLDS
    assert "Transfer from VGG-16" in claim.sentence
    highest(whole, 0)
    assert found(whole)["highest_cifar10"].outcome == UNDECIDED


def test_effects_are_named_by_what_they_are_counted_in(whole, tmp_path):
    accuracies("autokeras", "keras_cnn")(whole, 0.2)
    accuracies("vgg16_transfer", "vgg16_cifar10")(whole, 0.2)
    said = found(whole)
    assert ", d = " in said["autokeras_better"].measured
    assert ", d_z = " in said["transfer_accurate"].measured
    cells = [cell for row in pairs.methods(whole).rows for cell in row]
    assert any("$d=" in cell for cell in cells) and any("$d_z=" in cell for cell in cells)
    sample_results.write(tmp_path, seeds=(1, 2))
    few = Evidence.read(**sample_results.inputs(tmp_path))
    assert {each.tested.effect for each in methods.compare(few).values()} == {None}


def test_two_seeds_decide_nothing_about_methods(tmp_path):
    sample_results.write(tmp_path, seeds=(1, 2))
    evidence = Evidence.read(**sample_results.inputs(tmp_path))
    write(evidence, "vgg16_transfer", 0.9)
    write(evidence, "vgg16_cifar10", 0.1)
    claim = found(evidence)["transfer_accurate"]
    assert claim.outcome == UNDECIDED
    assert "two seeds decide nothing" in claim.sentence
    assert len(claim.evidence["networks"]) == 2


def test_a_search_counts_once_however_many_seeds_train_what_it_found(tmp_path):
    sample_results.write(tmp_path, seeds=SEEDS)
    evidence = Evidence.read(**sample_results.inputs(tmp_path, SEEDS))
    accuracies("autokeras", "keras_cnn")(evidence, 0.3)
    claim = found(evidence)["autokeras_better"]
    assert claim.outcome == UNDECIDED
    assert "one search decides nothing" in claim.sentence


def test_a_method_that_searched_less_often_decides_how_many_there_are(whole):
    """Three searches beside one, of a single seed: nothing is tested, and it says so."""
    one = {"search": whole.experiments["autokeras"]["search"] | {"search": "random"}}
    add(whole, "random_search", "autokeras", **one)
    runs = whole.experiments["random_search"]["runs"][:1]
    values = [run["metrics"]["test"]["top1"] for run in runs]
    metrics = whole.experiments["random_search"]["metrics"]
    metrics["test_top1"] = sample_results.metric_of(values, 10000)
    whole.experiments["random_search"]["runs"] = runs
    whole.study["families"]["searches"].append(["autokeras", "random_search"])
    compared = methods.compare(whole)["autokeras", "random_search"]
    assert (compared.unit, compared.units) == (methods.SEARCHES, 1)
    assert compared.tested.p is None
    assert compared.outcome == UNDECIDED


def end_of_all(evidence: Evidence, name: str, status: str) -> None:
    for run in evidence.experiments[name]["runs"]:
        run["status"] = status
    evidence.experiments[name]["statuses"] = {status: len(SEEDS)}


@pytest.mark.parametrize("status", ["diverged", "at_chance"])
@pytest.mark.parametrize("name", ["vgg16_transfer", "vgg16_cifar10"])
def test_runs_that_did_not_learn_decide_nothing(whole, name, status):
    accuracies("vgg16_transfer", "vgg16_cifar10")(whole, 0.2)
    seconds(whole, 0.2)
    end_of_all(whole, name, status)
    title = whole.experiments[name]["title"]
    for claim in ("transfer_accurate", "transfer_fast"):
        made = found(whole)[claim]
        assert made.outcome == UNDECIDED
        assert f"is open: not every run of {title} learned" in made.sentence
        assert made.evidence["unlearned"] == [name]
    assert not methods.compare(whole)["vgg16_transfer", "vgg16_cifar10"].equivalent


def test_claims_about_what_has_no_network_stay(whole):
    before = found(whole).keys()
    each = whole.experiments["vgg16_cifar10"]
    for run in each["runs"]:
        run |= {"metrics": None, "epochs": 0}
    made = found(whole)
    assert before - made.keys() == {"vgg16_fine_tune_over_vgg16_cifar10"}
    for name in ("transfer_fast", "transfer_fast_to_equal_accuracy", "transfer_accurate"):
        assert made[name].outcome == claims.NOT_TESTABLE
        assert (
            f"cannot be compared: no run of {each['title']} ended in a network"
            in made[name].sentence
        )


def test_a_pair_without_a_common_seed_is_no_pair_without_networks(whole):
    for run in whole.experiments["vgg16_cifar10"]["runs"]:
        run["seed"] += 10
    made = found(whole)["transfer_accurate"]
    assert made.outcome == claims.NOT_TESTABLE
    assert made.sentence.endswith("cannot be compared: they share no seed")


def test_the_reason_given_for_transfer_stands_apart_from_what_a_decision_lacks(tmp_path):
    sample_results.write(tmp_path, seeds=(1,))
    evidence = Evidence.read(**sample_results.inputs(tmp_path, (1,)))
    (written,) = (
        each["sentence"]
        for each in claims.as_json(argument.claims(evidence))
        if each["name"] == "transfer_beats_fine_tuning"
    )
    assert "is open: one seed decides nothing; here transfer" in written
    assert written.endswith("the reason given, 200 classes, does not apply")


def test_a_start_of_our_own_is_told(whole):
    for name in ("transfer_fast", "transfer_accurate", "transfer_beats_fine_tuning"):
        said = "; here transfer starts from our VGG-16, not from ImageNet's weights"
        assert said in found(whole)[name].aside
    whole.experiments["vgg16_transfer"]["start"] = {"provenance": "imagenet", "name": "imagenet"}
    assert "starts from our" not in found(whole)["transfer_accurate"].aside


def test_the_highest_mean_is_not_surely_above_what_is_higher_on_every_common_seed(whole):
    highest(whole, -0.2)
    add(whole, "other", "vgg16_cifar10")
    own = {1: 0.7, 2: 0.702, 3: 0.701, 4: 0.9}
    for name, values in (("vgg16_transfer", own), ("other", {1: 0.72, 2: 0.7215, 3: 0.721})):
        run = whole.experiments[name]["runs"][0]
        whole.experiments[name]["runs"] = [
            copy.deepcopy(run | {"seed": seed, "metrics": {"test": {"top1": value}}})
            for seed, value in values.items()
        ]
        known = list(values.values())
        whole.experiments[name]["metrics"]["test_top1"] = sample_results.metric_of(known, 10000)
    claim = found(whole)["highest_cifar10"]
    assert claim.evidence["ranked"][0]["experiment"] == "vgg16_transfer"
    assert claim.evidence["differences"]["other"] < 0
    assert claim.evidence["p_adjusted"]["other"] < 0.05
    assert claim.outcome == UNDECIDED


def test_equal_accuracies_share_the_highest(whole):
    for name in ("vgg16_transfer", "vgg16_fine_tune"):
        whole.experiments[name]["metrics"]["test_top1"] = sample_results.metric_of([0.9] * 3, 10)
    claim = found(whole)["highest_cifar10"]
    both = [whole.experiments[name]["title"] for name in ("vgg16_transfer", "vgg16_fine_tune")]
    assert f"Whether {both[0]} and {both[1]} are the best" in claim.sentence
    assert f"that of {both[0]}, with reused weights and {both[1]}, with" in claim.measured


def test_seeds_of_what_a_program_found_do_not_make_it_the_best_method(whole):
    for name in list(whole.experiments):
        if whole.experiments[name]["dataset"] == "tiny_imagenet":
            write(whole, name, 0.9 if name == "autokeras" else 0.1)
    claim = found(whole)["highest_tiny_imagenet"]
    assert claim.outcome == UNDECIDED
    assert "AutoKeras" in claim.sentence
    assert "a program found say nothing of its next search" in claim.sentence


def test_it_says_what_searches_were_compared(whole):
    accuracies("autokeras", "keras_cnn")(whole, 0.2)
    claim = found(whole)["autokeras_better"]
    assert "(three searches against one search with three seeds" in claim.measured
    assert "(three seeds" in found(whole)["transfer_accurate"].measured


def test_p_values_are_adjusted_within_the_family(whole):
    compared = methods.compare(whole)
    transfer = [each for each in compared.values() if each.family == "transfer"]
    assert len(transfer) == 4
    assert all(each.p_adjusted >= each.tested.p for each in transfer)
    alone = dataclasses.replace(
        whole, study=whole.study | {"families": {"one": [["vgg16_transfer", "vgg16_cifar10"]]}}
    )
    (single,) = methods.compare(alone).values()
    assert single.p_adjusted == single.tested.p


def test_of_too_few_seeds_is_told_what_was_measured(whole, tmp_path):
    accuracies("vgg16_transfer", "vgg16_cifar10")(whole, 0.2)
    claim = found(whole)["transfer_accurate"]
    assert claim.told == f"{claim.sentence}; {claim.measured}"
    sample_results.write(tmp_path, seeds=(1,))
    few = found(Evidence.read(**sample_results.inputs(tmp_path, (1,))))["transfer_accurate"]
    assert few.told == few.measured
    assert "is open" not in few.told


def test_networks_are_told_apart_by_how_they_were_come_by(whole):
    kinds = {name: choices.described(whole, name) for name in whole.experiments}
    assert kinds["keras_cnn"] == choices.BY_HAND
    assert kinds["autokeras"] == choices.SEARCHED
    assert kinds["vgg16"] == choices.PUBLISHED
    assert kinds["vgg16_transfer"] == choices.REUSED
    assert kinds["long_name"] == f"{choices.BY_HAND} by a modern recipe"
    whole.experiments["vgg16_transfer"]["runs"][0]["own_search"] = {"trials": []}
    assert choices.kind(whole, "vgg16_transfer") == choices.SEARCHED


def test_a_cost_in_all_has_the_search_and_what_it_starts_from(whole):
    search = whole.experiments["autokeras"]["search"]["device_seconds"]
    assert costs_of(whole, "autokeras") == 80 + search
    assert costs_of(whole, "vgg16_transfer") == 80 + 80
    whole.experiments["vgg16_transfer"]["start"]["provenance"] = "imagenet"
    assert costs_of(whole, "vgg16_transfer") == 80


def test_a_difference_below_the_margin_is_equivalent(whole):
    change = accuracies("vgg16_transfer", "vgg16_cifar10")
    change(whole, 0.0)
    claim = found(whole)["transfer_accurate"]
    assert "the accuracies are equivalent within 0.020" in claim.sentence
    whole.study["margin"] = 0.0001
    assert "equivalent" not in found(whole)["transfer_accurate"].sentence


def test_the_file_of_claims_has_all_numbers(whole):
    for claim in claims.as_json(argument.claims(whole)):
        assert claim.keys() == {"name", "statement", "outcome", "sentence", "evidence"}
        assert claim["evidence"]
