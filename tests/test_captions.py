from types import SimpleNamespace

import numpy as np
import pytest
import sample_results

from imagestudy import captions, report
from imagestudy.evidence import Evidence
from imagestudy.plausibility import UNDER_TRAINED, Anchored


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return sample_results.write(tmp_path_factory.mktemp("captions"))


@pytest.fixture
def evidence(root):
    return Evidence.read(**sample_results.inputs(root))


def text_of(evidence, section):
    template = report.environment("report").get_template(f"sections/{section}.tex.jinja")
    return " ".join(template.render(report.context(evidence)).split())


def test_learning_curves_say_how_many_they_are_and_which_epoch_is_chosen(evidence):
    found = captions.learned(evidence, "vgg16")
    progress = 1 - np.exp(-7 / 2.5)
    assert (found.runs, found.last) == (2, 0)
    assert found.gap == pytest.approx((0.80 - 0.55) * progress)
    text = text_of(evidence, "experiments")
    assert "in none of two runs the last one" in text
    assert "a line for each seed" in text
    for each in evidence.experiments.values():
        del each["runs"][1:]
        each["runs"][0]["best_epoch"] = 8
    text = text_of(evidence, "experiments")
    assert "on the selection pictures, the last one;" in text
    assert "a line for each seed" not in text
    evidence.histories["vgg16"][1]["train_top1"] = 0.0
    assert captions.learned(evidence, "vgg16").gap < 0
    assert "below that on the selection pictures" in text_of(evidence, "experiments")


def test_runs_without_an_epoch_have_no_circle(evidence):
    for each in evidence.experiments["vgg16"]["runs"]:
        each["best_epoch"] = 0
    assert captions.learned(evidence, "vgg16") == (0, 0, 0.0)


def test_counts_say_where_classes_differ(evidence):
    assert text_of(evidence, "data").count("all classes have the same number") == 2
    split = evidence.datasets["cifar10"]["splits"]["test"]
    split["per_class"] = [6] * 9 + [40]
    text = text_of(evidence, "data")
    assert "CIFAR-10: from 6 to 40 of a class in test." in text
    assert text.count("all classes have the same number") == 1


def by_class_of(values):
    return {"1": {"per_class": values}}


def test_the_hardest_classes_are_compared_with_those_of_the_others():
    best, other = [0.1, 0.2, 0.3, 0.9, 0.8, 0.7], [0.1, 0.9, 0.2, 0.8, 0.3, 0.7]
    networks = {"best": by_class_of(best), "other": by_class_of(other)}
    found = {"best": "best", "experiments": ["best", "other"]}
    examined = {"networks": networks, "datasets": {"data": found}}
    given = SimpleNamespace(examined=examined)
    assert captions.hardest(given, "data") == {"of": 3, "shared": 2}
    found["experiments"] = ["best"]
    assert captions.hardest(given, "data") is None


def test_the_highest_score_is_that_of_all_who_have_it(evidence):
    for best in evidence.best.values():
        best[0]["score"] = 0.3
    evidence.best["hand"][0]["score"] = evidence.best["random"][0]["score"] = 0.9
    titles = [sample_results.SEARCHES[name][0] for name in ("hand", "random")]
    assert captions.highest(evidence) == {"score": 0.9, "titles": titles}
    assert f"accuracy is 0.900 ({titles[0]} and {titles[1]})" in text_of(evidence, "by_hand")
    for best in evidence.best.values():
        best[0]["score"] = None
    assert captions.highest(evidence) is None


def test_trials_and_runs_are_counted_by_how_they_ended(evidence):
    assert captions.trial_statuses(evidence) == {"completed": 13, "failed": 3}
    text = text_of(evidence, "appendix")
    assert "13 are completed and three are failed." in text
    assert "Of 16 runs one did not complete; the epoch chosen is the last one in none." in text
    evidence.experiments["alexnet"]["statuses"] = {"completed": 2}
    assert "Of 16 runs all completed" in text_of(evidence, "appendix")


def test_the_believable_are_counted():
    known = [
        Anchored("old", 0.3, {"target": 0.5}, ""),
        Anchored("better", 0.6, {"target": 0.5}, ""),
        Anchored("worse", 0.2, {"target": 0.5}, UNDER_TRAINED),
    ]
    found = captions.believable(known, ["better", "worse"])
    assert found == {"labelled": 1, "modern": 2, "reached": 1}


@pytest.mark.parametrize("crossed", [False, True])
def test_rings_are_told_where_the_lead_changes(evidence, crossed):
    curves = {"autokeras": [0.1, 0.4], "hand": [0.2, 0.3 if crossed else 0.5]}
    for name, best in curves.items():
        rows = evidence.ledgers[name].head(2).copy()
        evidence.ledgers[name] = rows.assign(
            cumulative_device_seconds=[10.0, 20.0], best_so_far=best
        )
    assert captions.said(evidence)["lead_changes"] is crossed
    assert ("Rings mark" in text_of(evidence, "by_hand")) is crossed


def test_the_matrix_of_many_classes_is_said_to_have_some(evidence):
    assert captions.said(evidence)["confusion_shown"] == {}
    assert "most often confused with each other" not in text_of(evidence, "pictures")
    evidence.datasets["cifar10"]["classes"] *= 20
    assert captions.said(evidence)["confusion_shown"] == {"cifar10": 20}
    assert "of the 20 classes most often confused" in text_of(evidence, "pictures")
