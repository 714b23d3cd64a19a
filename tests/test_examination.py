import json

import numpy as np
import pytest
import sample_results

from imagestudy.errors import StudyError
from imagestudy.evidence import Evidence
from imagestudy.examination import examine, taken_apart
from imagestudy.predictions import Predictions
from imagestudy.tables import pictures

LABELS = np.repeat(np.arange(3), 4)


def answers(*classes: int) -> dict[int, Predictions]:
    """One seed of a network that gives these classes, each with a probability of 0.8."""
    return {1: Predictions(0.1 + 0.7 * np.eye(3)[list(classes)], LABELS)}


FIRST = answers(0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0)
SECOND = answers(0, 0, 0, 1, 1, 1, 0, 0, 2, 0, 0, 0)


def test_pictures_are_taken_apart():
    found = taken_apart({"first": FIRST, "second": SECOND}, {"first": 0.2, "second": 0.1})
    assert (found["missed_by_all"], found["right_by_all"], found["right_by_any"]) == (4, 5, 8)
    assert found["only"] == {"first": 2, "second": 1}
    assert found["classes"] == {"first": 2, "second": 1}
    assert (found["best"], found["best_top1"]) == ("first", pytest.approx(7 / 12))
    # where the two disagree their mean is a tie, which counts against
    assert found["ensemble_top1"] == pytest.approx(5 / 12)
    assert {each["row"] for each in found["missed"]} == {7, 9, 10, 11}
    assert [(each["row"], each["experiment"]) for each in found["alone"]] == [
        (3, "first"), (8, "second"), (6, "first"),
    ]  # fmt: skip
    assert found["confusion"]["most"][0] == {"label": 2, "answer": 0, "pictures": 4}
    json.dumps(found, allow_nan=False)


def test_one_network_is_not_alone_among_others():
    found = taken_apart({"first": FIRST}, {"first": 0.2})
    assert (found["only"], found["alone"], found["missed_by_all"]) == ({"first": 0}, [], 5)


def test_everything_is_examined_and_pairs_are_adjusted_by_family(tmp_path):
    sample_results.write(tmp_path)
    evidence = Evidence.read(**sample_results.inputs(tmp_path))
    assert evidence.examined["networks"].keys() == sample_results.TITLES.keys()
    families = [row["family"] for row in evidence.examined["pairs"]]
    assert families == ["transfer"] * 6 + ["searches"] * 2 + ["recipes"] * 2
    assert all(row["p_adjusted"] >= row["p"] for row in evidence.examined["pairs"])
    json.dumps(evidence.examined, allow_nan=False)


def test_a_run_without_a_network_is_left_out(tmp_path):
    sample_results.write(tmp_path)
    sample_results.end(tmp_path / "experiments" / "alexnet.json", "failed")
    evidence = Evidence.read(**sample_results.inputs(tmp_path))
    assert evidence.examined["networks"]["alexnet"] == {}
    assert "alexnet" not in evidence.examined["datasets"]["tiny_imagenet"]["experiments"]
    assert evidence.examined_mean("alexnet", "log_loss") == (None, None)


def test_what_has_seen_the_pictures_is_not_ranked(tmp_path):
    sample_results.write(tmp_path)
    path = tmp_path / "experiments" / "alexnet.json"
    summary = json.loads(path.read_text())
    sample_results.write_json(path, summary | {"start": {"provenance": "imagenet"}})
    evidence = Evidence.read(**sample_results.inputs(tmp_path))
    assert evidence.examined["networks"]["alexnet"]
    assert "alexnet" not in evidence.examined["datasets"]["tiny_imagenet"]["experiments"]


def test_predictions_of_other_pictures_are_named(tmp_path):
    sample_results.write(tmp_path)
    sample_results.inputs(tmp_path)
    path = tmp_path / "runs" / "alexnet" / "seed-2" / "predictions.npz"
    found = dict(np.load(path))
    np.savez(path, **found | {"labels": found["labels"][::-1]})
    with pytest.raises(StudyError, match="alexnet/seed-2/predictions.npz: its pictures are not th"):
        sample_results.inputs(tmp_path)


def test_many_classes_are_shown_by_their_extremes(tmp_path):
    sample_results.write(tmp_path)
    evidence = Evidence.read(**sample_results.inputs(tmp_path))
    rows = pictures.classes(evidence).rows
    assert len(rows) == 2 + 2 * 2 * pictures.EXTREMES
    assert len(pictures.duplicates(evidence).rows) == 4


def test_nothing_to_examine_is_no_error(tmp_path):
    sample_results.write(tmp_path)
    for name in sample_results.TITLES:
        sample_results.end(tmp_path / "experiments" / f"{name}.json", "failed")
    evidence = Evidence.read(**sample_results.inputs(tmp_path))
    assert evidence.examined["datasets"] == {}
    assert evidence.examined["pairs"] == []
    assert examine(evidence.study, [], [], [])["networks"] == {}
