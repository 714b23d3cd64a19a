from pathlib import Path

import numpy as np
import pytest
import yaml

from imagestudy import statistics
from imagestudy.report import original_test


def test_several_seeds_have_a_t_interval_and_one_has_wilsons():
    several = statistics.estimate([0.5, 0.52, 0.54], 1000)
    assert several.mean == pytest.approx(0.52)
    assert several.spread == pytest.approx(0.02)
    # t with two degrees of freedom: 4.303 x .02 / sqrt(3)
    assert several.high - several.mean == pytest.approx(0.0497, abs=1e-4)
    single = statistics.estimate([0.5], 100)
    assert single.spread is None
    assert (single.low, single.high) == pytest.approx((0.4038, 0.5962), abs=1e-4)
    assert single.method == "Wilson over pictures"
    assert statistics.estimate([], 0).mean is None


def test_equal_seeds_have_an_interval_without_width():
    assert statistics.t_interval([0.4, 0.4, 0.4]) == pytest.approx((0.4, 0.4))


def test_the_originals_two_best_numbers_cannot_be_told_apart():
    found = original_test(yaml.safe_load(Path("report/original.yaml").read_text()))
    assert round(found.z, 2) == 1.42
    assert round(found.p, 2) == 0.16


def test_top_k_counts_rows_that_are_not_finite_as_wrong():
    given = np.array([[0.6, 0.3, 0.1], [0.6, 0.3, 0.1], [np.nan] * 3], np.float32)
    labels = np.array([0, 1, 0])
    assert statistics.top_k(given, labels, 1) == pytest.approx(1 / 3)
    assert statistics.top_k(given, labels, 2) == pytest.approx(2 / 3)


def test_calibration_error_is_the_gap_between_confidence_and_accuracy():
    given = np.tile([0.8, 0.2], (10, 1))
    labels = np.array([0] * 5 + [1] * 5)
    assert statistics.calibration_error(given, labels) == pytest.approx(0.3)
    assert statistics.log_loss(given, labels) == pytest.approx(-np.log([0.8, 0.2]).mean())
