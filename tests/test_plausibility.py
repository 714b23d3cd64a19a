from pathlib import Path

import pytest
import sample_results
import yaml

from imagestudy import plausibility, report
from imagestudy.errors import StudyError
from imagestudy.evidence import Evidence
from imagestudy.tables import comparison, summary


@pytest.fixture
def real(tmp_path) -> Evidence:
    """Official data with accuracies that can be true."""
    sample_results.write(tmp_path, source="official", seeds=(1,))
    evidence = Evidence.read(**sample_results.inputs(tmp_path, (1,)))
    for name in evidence.experiments:
        measure(evidence, name, 0.5)
    return evidence


def measure(evidence: Evidence, name: str, accuracy: float) -> None:
    evidence.experiments[name]["metrics"]["test_top1"] = sample_results.metric_of([accuracy], 10000)


def test_anchors_and_the_originals_numbers_are_the_same():
    anchors = yaml.safe_load(Path("report/anchors.yaml").read_text())["rows"]
    rows = yaml.safe_load(Path("report/original.yaml").read_text())["rows"]
    assert anchors.keys() == rows.keys()
    for name, row in anchors.items():
        assert row["original"] == float(rows[name]["validation"])
        assert row["must_beat"] <= row["target"] < row["cannot_be_true"]
        assert row["reason"] and row["protocol"] and row["source"]


@pytest.mark.parametrize("name", ["alexnet", "vgg16_transfer", "long_name"])
def test_what_cannot_be_true_is_refused_with_row_and_reason(real, name):
    report.render(real, Path("report/report.tex.jinja"))
    measure(real, name, 0.99)
    expected = rf"anchors.yaml: {name} has a test accuracy of 0.990, and above 0.\d+ it cannot be"
    with pytest.raises(StudyError, match=expected) as error:
        report.render(real, Path("report/report.tex.jinja"))
    reason = plausibility.anchor(real, name)["reason"]
    assert " ".join(reason.split()) in str(error.value)


def test_a_newer_recipe_below_its_bar_is_under_trained(real):
    assert plausibility.label(real, "long_name") == plausibility.UNDER_TRAINED
    assert "under-trained" in str(summary.of_role(real, "modern").rows)
    assert "under-trained" in str(comparison.anchors(real).rows)
    assert "under-trained" in report.render(real, Path("report/report.tex.jinja"))
    measure(real, "long_name", 0.55)
    assert plausibility.label(real, "long_name") == ""


def test_what_repeats_the_original_has_no_bar(real):
    measure(real, "alexnet", 0.1)
    assert plausibility.label(real, "alexnet") == ""


def test_guessing_is_labelled_on_any_data(real):
    measure(real, "vgg16_cifar10", 0.1)
    assert plausibility.label(real, "vgg16_cifar10") == plausibility.GUESSING
    measure(real, "vgg16_cifar10", 0.12)
    assert plausibility.label(real, "vgg16_cifar10") == ""


def test_an_unexpected_order_is_told_and_not_refused(real, capsys):
    measure(real, "vgg16_transfer", 0.9)
    measure(real, "vgg16_fine_tune", 0.7)
    source = report.render(real, Path("report/report.tex.jinja"))
    assert "An order that was not expected: Transfer from VGG-16 (0.900) is above" in source
    assert "unexpected order: Transfer from VGG-16 (0.900) is above" in capsys.readouterr().out


def test_made_up_data_have_no_anchors(tmp_path):
    sample_results.write(tmp_path)
    evidence = Evidence.read(**sample_results.inputs(tmp_path))
    measure(evidence, "alexnet", 0.99)
    assert plausibility.anchored(evidence) == []
    plausibility.require_plausible(evidence)
    assert plausibility.surprises(evidence) == []
