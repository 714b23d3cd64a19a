import numpy as np
import pytest

from imagestudy import statistics


def test_wilsons_interval_holds_the_accuracy_of_none_right_and_of_all():
    for pictures in range(1, 300):
        for accuracy in (0.0, 1.0):
            low, high = statistics.wilson(accuracy, pictures)
            assert low <= accuracy <= high


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
    found = statistics.two_proportions(0.3744, 0.3647, 10000)
    assert round(found.z, 2) == 1.42
    assert round(found.p, 2) == 0.16


def test_a_paired_test_and_equivalence_by_hand():
    first, second = [0.50, 0.52, 0.54], [0.49, 0.505, 0.535]
    found = statistics.compare_paired(first, second, 0.05)
    # differences .010, .015, .005: mean .01, deviation .005, t = 3.464 with 2 degrees of freedom
    assert found.p == pytest.approx(0.0742, abs=1e-4)
    assert found.effect == pytest.approx(2.0)
    # the nearer margin is .04 away: t = 13.86, one-sided
    assert found.p_equivalent == pytest.approx(0.0026, abs=1e-4)


def test_differences_without_spread_are_the_limit_of_the_tests():
    assert statistics.compare_paired([0.5, 0.6], [0.25, 0.35], 0.02).p == 0
    assert statistics.compare_paired([0.5, 0.6], [0.5, 0.6], 0.02) == (1, 0, None)
    assert statistics.compare_unpaired([0.5, 0.5], [0.25, 0.25], 0.02)[:2] == (0, 1)
    assert statistics.compare_paired([0.5], [0.4], 0.02) == (None, None, None)


def test_holm_multiplies_the_smallest_by_the_number_of_tests():
    assert statistics.holm([0.04, None, 0.01]) == pytest.approx([0.04, None, 0.02])
    assert statistics.holm([None]) == [None]


def test_two_networks_on_the_same_pictures():
    first = np.array([True] * 60 + [False] * 40)
    second = np.array([True] * 50 + [False] * 10 + [True] * 2 + [False] * 38)
    found = statistics.disagreement(first, second, seed=1)
    assert (found.only_first, found.only_second, found.odds) == (10, 2, 5.0)
    # McNemar, exact: twice the binomial tail of 2 of 12
    assert found.p == pytest.approx(2 * 79 / 4096)
    assert found.difference == pytest.approx(0.08)
    assert (found.low, found.high) == pytest.approx((0.02, 0.15), abs=0.015)
    assert statistics.disagreement(first, first, seed=1).p == 1


def test_two_lists_that_are_not_paired():
    first, second = [0.50, 0.52, 0.54], [0.40, 0.41, 0.42]
    found = statistics.unpaired(first, second)
    assert found.mean == pytest.approx(0.11)
    # Welch's interval, by hand: standard error .01291, 2.94 degrees of freedom
    assert found.low == pytest.approx(0.11 - 3.2165 * 0.01291, abs=2e-4)
    assert found.high == pytest.approx(0.11 + 3.2165 * 0.01291, abs=2e-4)
    assert found.seeds == 3
