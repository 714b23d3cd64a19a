"""Batches of several training steps, for one call."""

from typing import Any

import numpy as np

from imagestudy.lean import keras


class Filled:
    """Stacks batches for a call, always as many of them, so that it is compiled once."""

    def __init__(self) -> None:
        self._most = 0

    def __call__(self, batches: list[Any], rates: list[float]) -> tuple[Any, np.ndarray]:
        """Each array of `batches` with one axis more in front, and `rates` as float32.

        Behind what was given the last batch is repeated, up to the most that ever came.
        """
        self._most = max(self._most, len(batches))
        missing = self._most - len(batches)
        filled = [*batches, *[batches[-1]] * missing]
        stacked = keras.tree.map_structure(lambda *each: np.stack(each), *filled)
        return stacked, np.float32([*rates, *[0] * missing])
