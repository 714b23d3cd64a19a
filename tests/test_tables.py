import dataclasses
import json

import pytest
import sample_results

from imagestudy import argument, replication, tables
from imagestudy.evidence import Evidence, summary_frame
from imagestudy.tables import by_hand, markdown, networks, searches, vgg16
from imagestudy.tables.fragments import fragments


def read(root, seeds=sample_results.SEEDS, source="generated") -> Evidence:
    sample_results.write(root, source=source, seeds=seeds)
    return Evidence.read(**sample_results.inputs(root, seeds))


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return read(tmp_path_factory.mktemp("demo"))


@pytest.fixture
def real(tmp_path):
    """Official data, three seeds, full width."""
    evidence = read(tmp_path, seeds=(1, 2, 3), source="official")
    for each in evidence.experiments.values():
        each["settings"]["network"]["width"] = 1
    return evidence


def set_metric(evidence: Evidence, name: str, split: str, value: float) -> None:
    each = evidence.experiments[name]
    for run in each["runs"]:
        run["metrics"][split]["top1"] = value + 0.001 * run["seed"]
        if split == "train":
            run["metrics"]["running_train_top1"] = value
    values = [run["metrics"][split]["top1"] for run in each["runs"]]
    each["metrics"][f"{split}_top1"] = sample_results.metric_of(values, 10000)
    each["metrics"]["running_train_top1"] |= {"values": [value] * len(values)}


def verdict(evidence: Evidence, name: str, cell: str) -> replication.Verdict:
    found = {(v.experiment, v.cell): v for v in replication.verdicts(evidence)}
    return found[name, cell]


def test_every_table_is_made_and_named_beforehand(demo):
    made = fragments(demo)
    assert list(made) == tables.names(demo.experiments)
    assert "0.55381" in made["summary_original"]
    assert "VGG-16 from scratch" in made["summary_control"]
    assert "VGG-16 from scratch" not in made["summary_original"]
    assert "at chance" in made["runs"]
    assert "threads used" in made["software"]


def test_generated_data_compare_with_nothing(demo):
    found = replication.verdicts(demo)
    assert len(found) == 12
    assert {(each.verdict, each.reason) for each in found} == {("not comparable", "generated data")}


def test_cells_are_judged_by_the_declared_tolerance(real):
    for value, expected in ((0.26, "replicated"), (0.40, "higher"), (0.10, "lower")):
        set_metric(real, "alexnet", "test", value)
        assert verdict(real, "alexnet", "validation").verdict == expected
    set_metric(real, "alexnet", "train", 0.32)
    assert verdict(real, "alexnet", "train").verdict == "replicated"
    real.experiments["alexnet"]["metrics"]["running_train_top1"]["values"] = [0.1]
    found = verdict(real, "alexnet", "train")
    assert found.verdict == "not comparable"
    assert "running" in found.reason


def test_a_cell_of_autokeras_says_that_its_search_was_another(real):
    set_metric(real, "autokeras", "test", 0.3744)
    differ = "program, budget and machine of the search differ"
    assert verdict(real, "autokeras", "validation").reason.endswith(differ)
    assert differ not in verdict(real, "keras_cnn", "validation").reason


def test_a_cell_says_where_ours_has_more_looks_at_a_picture(real):
    training = real.experiments["alexnet"]["settings"]["training"]
    for looks, said in (
        ({"flip_test": True, "shift_test": 2}, "averaged over mirrored and shifted pictures too"),
        ({"flip_test": False, "shift_test": 1}, "averaged over shifted pictures too"),
        ({"flip_test": False, "shift_test": 0}, "epochs"),
    ):
        training |= looks
        assert verdict(real, "alexnet", "validation").reason.endswith(said)


def test_other_weights_other_data_or_fewer_pictures_are_not_comparable(real):
    assert "starts from" in verdict(real, "vgg16_transfer", "validation").reason
    real.experiments["alexnet"]["settings"]["training"]["pictures"] = 1000
    assert "part of the pictures" in verdict(real, "alexnet", "train").reason
    real.experiments["vgg16"]["settings"]["network"]["width"] = 0.5
    assert "narrower" in verdict(real, "vgg16", "train").reason
    real.datasets["tiny_imagenet"]["source"] = "own"
    assert "other data" in verdict(real, "keras_cnn", "train").reason


def test_a_study_without_the_originals_experiments_has_no_claim_of_its(demo):
    kept = {"long_name": demo.experiments["long_name"]}
    alone = dataclasses.replace(
        demo,
        experiments=kept,
        study=demo.study | {"families": {}},
        examined=demo.examined | {"pairs": [], "datasets": {}},
    )
    assert all(claim.statement is None for claim in argument.claims(alone))
    assert any(claim.name == "highest_tiny_imagenet" for claim in argument.claims(alone))
    assert replication.verdicts(alone) == []
    assert fragments(alone)


def test_vgg16_stands_beside_the_originals(demo):
    reasons = {"input": "our pictures", "block 3": "as published, narrowed"}
    reasons |= {"flattened map": "our input", "softmax over": "our classes"}
    assert vgg16.differences(demo) == reasons


def test_a_narrow_vgg16_differs_for_that_alone(real):
    each = real.experiments["vgg16"]
    each["settings"]["network"]["width"] = 0.5
    for row in each["network"]["table"]:
        if row["type"] == "Conv2D":
            row["output"][-1] //= 2
    assert vgg16.differences(real)["block 1"] == "narrowed"
    assert vgg16.differences(real)["block 3"] == "as published, narrowed"


def test_frozen_layers_are_marked():
    rows = [
        sample_results.layer("kept", "Conv2D", [4, 4, 8], 80, kernel="3x3", trainable=False),
        sample_results.layer("head", "Dense", [10], 90),
    ]
    table = networks.layers({"table": rows})
    assert [row[-1] for row in table.rows] == ["frozen", "yes"]
    assert "trained" not in networks.layers({"table": rows[1:]}).headings


def test_what_stands_in_place_of_a_length_is_no_command():
    rows = [sample_results.layer("head", "Dense", ["\\input{/etc/passwd}", 10], 90)]
    cell = networks.layers({"table": rows}).rows[0][2]
    assert cell == r"\textbackslash{}input\{/etc/passwd\}\,\texttimes\,10"


def test_the_summary_as_markdown_has_a_row_for_each_experiment(demo, real):
    lines = markdown.summary(demo).splitlines()
    rows = [line for line in lines if line.startswith("| ")][2:]
    assert len(rows) == len(demo.experiments)
    assert "0.5432" in rows[0] and "0.3647" in rows[0]
    assert "made up" in markdown.summary(demo)
    assert "made up" not in markdown.summary(real)


def test_what_means_something_in_markdown_is_escaped():
    assert markdown.escape("a|b<b>*x*") == r"a\|b\<b\>\*x\*"
    assert markdown.escape("two\nlines") == "two lines"


@pytest.mark.parametrize(("points", "drawn"), [(2, "2 of 5"), (3, "4 of 5")])
def test_a_failed_trial_is_none_of_the_points_that_a_search_starts_from(demo, points, drawn):
    """The third of five trials has failed, and a round has two."""
    declared = demo.study["searches"]["autokeras"] | {"initial_points": points}
    study = demo.study | {"searches": demo.study["searches"] | {"autokeras": declared}}
    rows = searches.searches(dataclasses.replace(demo, study=study)).rows
    assert sum(f"{drawn} at random" in row[1] for row in rows) == 1


def test_searches_are_compared_at_equal_cost(demo):
    ledger = demo.ledgers["hand"]
    first = ledger["cumulative_device_seconds"].iloc[0]
    search = demo.best["hand"][0]
    assert by_hand.score_within(demo, search, first) == ledger["score"].iloc[0]
    assert by_hand.score_within(demo, search, 0) is None


def test_every_trial_and_space_is_shown(demo):
    rows = searches.trials(demo).rows
    assert len(rows) == sum(len(ledger) for ledger in demo.ledgers.values())
    assert "maps {[}16, 32]" in rows[0][2]
    ledger = demo.ledgers["hand"].copy()
    ledger.loc[2:, ["status", "error", "score"]] = ["skipped", "budget", float("nan")]
    fewer = dataclasses.replace(demo, ledgers=demo.ledgers | {"hand": ledger})
    shared = searches.trials(fewer).rows[2]
    assert (shared[1], shared[5]) == ("2.1--3.1", "skipped: budget")
    assert len(searches.trials(fewer).rows) == len(rows) - len(ledger) + 3
    block = "image_block_1/conv_block_1/"
    filters = {"filters_0_0": 128, "filters_0_1": 16, "filters_1_0": 64}
    declared = {
        block + key: value for key, value in {"num_blocks": 2, "num_layers": 1, **filters}.items()
    }
    ledger = demo.ledgers["autokeras"].assign(hyperparameters=json.dumps(declared))
    found = dataclasses.replace(demo, ledgers={"autokeras": ledger})
    assert searches.trials(found).rows[0][2].startswith("filters {[}128, 64]; optimizer")
    spaces = searches.spaces(demo).rows
    assert sum("multicolumn" in row[0] for row in spaces) == 1


def test_a_long_network_is_shortened_and_a_missing_one_is_empty():
    rows = [
        sample_results.layer(f"layer_{n}", "Conv2D", [n, n, 8], 10 * n, kernel="3x3")
        for n in range(1, 80)
    ]
    table = networks.layers({"table": rows})
    assert len(table.rows) <= networks.LONGEST + 1
    assert any("left out" in row[1] for row in table.rows)
    assert networks.layers(None).rows == []


def test_the_summary_has_a_row_for_each_experiment(demo):
    frame = summary_frame(demo)
    assert list(frame["experiment"]) == list(demo.experiments)
    assert frame["test_top1"].notna().all()
