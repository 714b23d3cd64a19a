"""Studies before, whose test accuracies were seen: told by those that came later."""

import dataclasses

import pytest
import sample_results

from imagestudy.earlier import seen_before
from imagestudy.evidence import Evidence

BEFORE = {
    "finished": "2025-01-01T00:00:00+00:00",
    "commit": "0123456789abcdef",
    "changed": ["keras_cnn", "not_here"],
    "test_top1": {"keras_cnn": 0.125, "alexnet": 0.5},
}


def told(root, source="official", **changes):
    sample_results.write(root, source=source)
    evidence = Evidence.read(**sample_results.inputs(root))
    earlier = {evidence.study["scale"]: [BEFORE | changes]}
    return seen_before(dataclasses.replace(evidence, earlier=earlier)), evidence


def test_what_was_seen_is_told_beside_what_is_now(tmp_path):
    (study,), evidence = told(tmp_path)
    assert study["commit"] == "0123456"
    assert study["then"] == ["0.125"]
    now = evidence.estimate("keras_cnn", "test_top1").mean
    assert study["now"] == [f"{now:.3f}"]
    assert len(study["titles"]) == 1


@pytest.mark.parametrize(
    ("source", "changes"),
    [
        ("official", {"finished": "2026-01-01T00:00:00+00:00"}),
        ("official", {"changed": ["not_here"]}),
        ("generated", {}),
    ],
)
def test_what_came_later_changed_nothing_or_is_of_other_pictures_is_not(tmp_path, source, changes):
    assert told(tmp_path, source, **changes)[0] == []


def test_an_experiment_that_ended_before_is_no_later_one(tmp_path):
    _, evidence = told(tmp_path)
    ended = {name: each["runs"][0]["finished"] for name, each in evidence.experiments.items()}
    study = BEFORE | {
        "finished": ended["alexnet"],
        "changed": ["alexnet", "keras_cnn"],
    }
    for run in evidence.experiments["keras_cnn"]["runs"]:
        run["finished"] = "2099-01-01T00:00:00+00:00"
    earlier = {evidence.study["scale"]: [study]}
    (found,) = seen_before(dataclasses.replace(evidence, earlier=earlier))
    assert found["then"] == ["0.125"]
