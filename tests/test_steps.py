"""What training steps are given at once."""

import numpy as np

from imagestudy.steps.filled import Filled


def batch(first):
    return {"chosen": np.arange(first, first + 2), "mix": {"box": np.float32([first, 0])}}


def test_what_is_left_over_is_filled_up_to_what_was_compiled():
    filled = Filled()
    filled([batch(0), batch(2), batch(4)], [0.1, 0.2, 0.3])
    stacked, rates = filled([batch(6)], [0.4])
    np.testing.assert_array_equal(stacked["chosen"], [[6, 7]] * 3)
    np.testing.assert_array_equal(stacked["mix"]["box"], [[6, 0]] * 3)
    np.testing.assert_array_equal(rates, np.float32([0.4, 0, 0]))
