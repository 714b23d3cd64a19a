from pathlib import Path

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


def test_two_lists_that_are_not_paired():
    first, second = [0.50, 0.52, 0.54], [0.40, 0.41, 0.42]
    found = statistics.unpaired(first, second)
    assert found.mean == pytest.approx(0.11)
    # Welch's interval, by hand: standard error .01291, 2.94 degrees of freedom
    assert found.low == pytest.approx(0.11 - 3.2165 * 0.01291, abs=2e-4)
    assert found.high == pytest.approx(0.11 + 3.2165 * 0.01291, abs=2e-4)
    assert found.seeds == 3
