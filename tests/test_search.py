"""Rounds of a search, its budget, its ledger and its best trial; settings that cannot work."""

import json

import numpy as np
import pytest

from imagestudy.errors import StudyError
from imagestudy.search import oracle
from imagestudy.search.ledger import COLUMNS, ledger_rows, select_best
from imagestudy.search.proposers import propose, with_data
from imagestudy.search.validation import check_search

CANDIDATES = [
    {"network": {"convolutions": [8 * n]}, "training": {"learning_rate": 0.01 * n}}
    for n in range(1, 4)
]
HAND = {
    "search": "hand",
    "proposer": "hand",
    "oracle": None,
    "seed": 1,
    "rounds": 2,
    "trials_per_round": 2,
    "device_seconds": None,
    "candidates": CANDIDATES,
    "image_shape": [8, 8, 3],
    "classes": 3,
    "training": {
        "epochs": 4,
        "seconds": 10,
        "batch_size": 32,
        "learning_rate": 0.1,
        "optimizer": "sgd",
    },
}
SPACE = {
    "blocks": ["conv"],
    "conv": {"filters": [4, 8], "num_blocks": [1], "num_layers": [1]},
    "learning_rates": [0.01, 0.001],
}
GREEDY = HAND | {
    "search": "autokeras",
    "proposer": "autokeras",
    "script": "autokeras",
    "oracle": "greedy",
    "rounds": 3,
    "candidates": None,
    "space": SPACE,
}


def result(proposed, round_number, status="completed", score=0.5, seconds=2.0):
    """What a trial's job writes, as far as a search reads it."""
    if proposed["status"] == "skipped":
        status, score, seconds = "skipped", None, 0.0
    return {
        "status": status,
        "error": "out of memory" if status == "failed" else None,
        "score": score,
        "epochs": 1,
        "steps": 3,
        "seed": 1,
        "settings": {
            "round": round_number,
            "trial": proposed["trial"],
            "training": HAND["training"],
        },
        "choice": proposed,
        "network": {"parameters": 10, "layers": 2, "flops": 30} if score is not None else None,
        "seconds": {"total": seconds, "start": seconds / 4, "steps": seconds / 2},
        "device_seconds": seconds,
        "threads": 1,
        "precision": "float32",
        "peak_memory_mb": 900.0,
        "hardware": {"device": "cpu"},
        "code": {"digest": "c"},
        "data": {"name": "tiny", "digest": "d"},
    }


def carried_out(search, scores, statuses=None):
    """All results of a search whose trials score `scores`, a list for each round."""
    results = []
    for number, row in enumerate(scores, start=1):
        trials = propose(search, number, results)["trials"]
        for proposed, score in zip(trials, row, strict=True):
            status = (statuses or {}).get((number, proposed["trial"]), "completed")
            results.append(result(proposed, number, status, score))
    return results


def test_hand_puts_its_candidates_forward_in_order():
    first, second = (propose(HAND, n, carried_out(HAND, [[0.1, 0.2]][: n - 1])) for n in (1, 2))
    assert [each["network"] for each in first["trials"]] == [c["network"] for c in CANDIDATES[:2]]
    assert second["trials"][0] == {
        "trial": 1,
        "status": "proposed",
        "reason": None,
        **CANDIDATES[2],
    }
    assert second["trials"][1]["status"] == "skipped"
    assert second["trials"][1]["reason"] == "no candidate left"


@pytest.mark.parametrize("search", [HAND, GREEDY], ids=["hand", "greedy"])
def test_a_spent_budget_skips_what_remains(search):
    search = search | {"device_seconds": 4.0}
    trials = propose(search, 2, carried_out(search, [[0.1, 0.2]]))["trials"]
    assert [(each["status"], each["reason"]) for each in trials] == [("skipped", "budget")] * 2


@pytest.mark.thorough
def test_an_oracle_that_is_told_what_it_answered_goes_on_as_if_it_had_been_asked(monkeypatch):
    search = GREEDY | {"oracle": "bayesian", "initial_points": 2}
    results = carried_out(search, [[0.1, 0.4], [0.3, 0.2]])
    taken_over = propose(search, 3, results)
    plain = oracle.Oracle.ask
    monkeypatch.setattr(oracle.Oracle, "ask", lambda self, worker, _=None: plain(self, worker))
    assert propose(search, 3, results) == taken_over


def test_the_same_results_give_the_same_proposals_with_several_trials_a_round():
    results = carried_out(GREEDY, [[0.1, 0.4], [0.3, 0.2]])
    third = propose(GREEDY, 3, results)
    assert third == propose(GREEDY, 3, list(reversed(results)))
    assert json.loads(json.dumps(third)) == third
    proposed = [each["choice"]["network"] for each in results] + [
        each["network"] for each in third["trials"]
    ]
    assert len({json.dumps(each) for each in proposed}) == 6


def test_failed_trials_are_told_and_never_end_a_search():
    search = GREEDY | {"rounds": 6, "trials_per_round": 1}
    statuses = {(number, 1): "failed" for number in range(1, 6)}
    results = carried_out(search, [[None]] * 5, statuses)
    assert propose(search, 6, results)["trials"][0]["status"] == "proposed"


def test_an_exhausted_space_skips():
    space = {
        "blocks": ["conv"],
        "normalize": [False],
        "augment": [False],
        "conv": {
            "filters": [4, 8],
            "kernel_size": [3],
            "num_blocks": [1],
            "num_layers": [1],
            "dropout": [0.0],
            "separable": [False],
            "max_pooling": [True],
        },
        "head": {"reduction_type": ["flatten"], "dropout": [0.0]},
        "optimizers": ["adam"],
        "learning_rates": [0.001],
    }
    search = GREEDY | {"trials_per_round": 3, "space": space}
    trials = propose(search, 1, [])["trials"]
    assert [each["reason"] for each in trials] == [None, None, "space exhausted"]
    results = carried_out(search, [[0.1, 0.2, None]])
    assert [each["reason"] for each in propose(search, 2, results)["trials"]] == [
        "space exhausted"
    ] * 3


def test_seed_zero_is_a_seed():
    search = GREEDY | {"seed": 0}
    first = propose(search, 1, [])["trials"]
    np.random.random()  # where NumPy's generator stands must not matter
    assert propose(search, 1, [])["trials"] == first
    assert propose(search | {"seed": 1}, 1, [])["trials"] != first


def test_random_differs_by_seed_and_default_is_one_trial():
    search = GREEDY | {"proposer": "random", "oracle": None}
    firsts = [propose(search | {"seed": seed}, 1, []) for seed in (1, 1, 2)]
    assert firsts[0] == firsts[1] != firsts[2]
    search |= {"proposer": "default"}
    one, other = propose(search, 1, [])["trials"]
    assert one["training"] == {
        "optimizer": "adam",
        "learning_rate": 0.001,
        "weight_decay": 0.0,
    }
    assert other["reason"] == "no candidate left"


def test_results_of_other_settings_are_refused():
    results = carried_out(GREEDY, [[0.1, 0.4]])
    with pytest.raises(StudyError, match="round 1, trial 1: the recorded proposal is not the one"):
        propose(GREEDY | {"seed": 2}, 2, results)
    with pytest.raises(StudyError, match="wants the results"):
        propose(GREEDY, 2, results[:1])


def test_the_ledger_counts_every_trial_and_the_best_is_the_earliest_of_equals():
    results = carried_out(HAND, [[0.3, None], [0.3, None]], {(1, 2): "failed"})
    ledger = ledger_rows(HAND, list(reversed(results)))
    assert list(ledger.columns) == COLUMNS
    assert list(ledger["status"]) == ["completed", "failed", "completed", "skipped"]
    assert list(ledger["cumulative_device_seconds"]) == [2.0, 4.0, 6.0, 6.0]
    assert list(ledger["best_so_far"]) == [0.3, 0.3, 0.3, 0.3]
    assert list(ledger["learning_rate"])[:3] == [0.01, 0.02, 0.03]
    best = select_best(HAND, results)
    assert (best["status"], best["round"], best["trial"]) == ("completed", 1, 1)
    assert best["network"] == CANDIDATES[0]["network"]
    assert (best["trials"], best["completed"], best["declared_candidates"]) == (3, 2, 3)
    assert best["device_seconds"] == 6.0


def test_a_ledger_of_several_seeds_counts_each_search_by_itself():
    results = [
        each | {"seed": seed}
        for seed in (1, 2)
        for each in carried_out(HAND, [[0.3 / seed, None], [0.4 / seed, None]])
    ]
    ledger = ledger_rows(HAND, list(reversed(results)))
    assert list(ledger["seed"]) == [1] * 4 + [2] * 4
    assert list(ledger["cumulative_device_seconds"]) == [2.0, 4.0, 6.0, 6.0] * 2
    assert list(ledger["best_so_far"]) == [0.3, 0.3, 0.4, 0.4, 0.15, 0.15, 0.2, 0.2]


def test_a_search_without_any_score_ends_as_failed():
    results = carried_out(HAND, [[None, None]], {(1, 1): "failed", (1, 2): "failed"})
    best = select_best(HAND, [each | {"error": "oversized"} for each in results])
    assert (best["status"], best["trial"], best["score"]) == ("failed", None, None)
    assert best["error"] == "oversized"
    assert ledger_rows(HAND, results)["best_so_far"].isna().all()
    json.dumps(best, allow_nan=False)


def test_shape_and_classes_come_from_the_data():
    search = with_data(HAND, {"image_size": 32, "classes": [{}, {}]})
    assert (search["image_shape"], search["classes"]) == ([32, 32, 3], 2)


@pytest.mark.parametrize(
    ("search", "message"),
    [
        (HAND | {"candidates": []}, "searches.s.candidates is empty"),
        (HAND | {"rounds": 1}, "1 rounds of 2 trials are 2; there are 3 candidates"),
        (HAND | {"space": SPACE}, "space is given, but the proposer 'hand' does not read it"),
        (HAND | {"oracle": "greedy"}, "oracle is given, but the proposer 'hand' does not read it"),
        (GREEDY | {"network": {"units": 3}}, "network is given, but the proposer 'autokeras' does"),
        (GREEDY | {"proposer": "random"}, "only the proposer 'autokeras' has one"),
        (GREEDY | {"script": "alexnet"}, "script is 'alexnet'; it must be one of autokeras"),
        (HAND | {"candidates": CANDIDATES[:1] * 2}, "candidates[1] is candidates[0] again"),
        (
            HAND | {"candidates": [{"training": {"seconds": None}}]},
            "candidates[0].training.seconds is given, but a trial's limits are the search's",
        ),
        (
            HAND | {"candidates": [{"training": {"epochs": 9}}]},
            "candidates[0].training.epochs is 9, but every trial of the search may have 4 at most",
        ),
        (HAND | {"device_seconds": 5}, "less than one trial may take"),
        (GREEDY | {"oracle": "tree"}, "oracle is 'tree'; it must be one of bayesian, greedy"),
        (
            GREEDY | {"space": SPACE | {"learning_rates": [0]}},
            "learning_rates has 0; each must be above 0",
        ),
        (
            GREEDY | {"space": SPACE | {"head": {"dropout": [1.5]}}},
            "dropout has 1.5; each must be below 1: it is a fraction",
        ),
        (
            HAND | {"device_seconds": 60, "training": HAND["training"] | {"seconds": None}},
            "device_seconds is 60, but a trial has no training.seconds",
        ),
        (GREEDY | {"initial_points": 3}, "only the oracle 'bayesian' has them"),
        (
            GREEDY | {"oracle": "bayesian", "rounds": 2, "initial_points": 4},
            "initial_points is 4, so that all of its 4 trials are drawn at random",
        ),
        (GREEDY | {"space": None}, "space is empty"),
        (GREEDY | {"space": {"blocks": ["vgg"]}}, "blocks is 'vgg'; it must be one of conv"),
        (GREEDY | {"space": {"blocks": []}}, "blocks is []; it must be a list of one or more"),
        (GREEDY | {"space": SPACE | {"optimizers": ["lion"]}}, "optimizers is 'lion'"),
        (GREEDY | {"space": SPACE | {"learning_rates": ["1e-3"]}}, "has '1e-3'; each must be"),
        (
            GREEDY | {"space": SPACE | {"conv": {"kernel_size": [0]}}},
            "kernel_size has 0; each must be a whole number above 0",
        ),
        (
            GREEDY | {"space": SPACE | {"conv": {"dropout": [-0.1]}}},
            "dropout has -0.1; each must be a number from 0",
        ),
        (GREEDY | {"space": SPACE | {"block": ["conv"]}}, "space has the unknown key 'block'"),
        (GREEDY | {"space": SPACE | {"\n": ["conv"]}}, r"space has the unknown key '\n'"),
        (GREEDY | {"space": SPACE | {"conv": {"width": [3]}}}, "conv has the unknown key 'width'"),
        (GREEDY | {"space": SPACE | {"conv": {"\n": [3]}}}, r"conv has the unknown key '\n'"),
        (GREEDY | {"space": SPACE | {"conv": {"filters": [True]}}}, "has True"),
        (GREEDY | {"space": SPACE | {"pretrained": "yes"}}, "pretrained is 'yes'"),
    ],
)
def test_settings_that_cannot_work_are_refused(search, message):
    with pytest.raises(StudyError) as raised:
        check_search("s", search, search["training"])
    assert message in str(raised.value)
    assert str(raised.value).startswith("config.yaml: searches.s")


def test_sound_settings_pass():
    check_search("hand", HAND, HAND["training"])
    check_search("autokeras", GREEDY, GREEDY["training"])
