"""One compiled training step for each backend: forward, backward, update."""

from collections.abc import Callable
from typing import Any

import keras


def compiled(
    network: keras.Model, optimizer: keras.optimizers.Optimizer, label_smoothing: float
) -> Callable[[list[Any], list[float]], list[tuple[float, float]]]:
    """The training steps of `network` with `optimizer`, which is built for it.

    Called with a list of batches (inputs, targets) and a learning rate for each, it trains on one
    after another and returns the loss and the accuracy of each.
    """
    if keras.backend.backend() == "jax":
        from imagestudy.steps.jax import Steps
    else:
        from imagestudy.steps.tensorflow import Steps
    return Steps(network, optimizer, label_smoothing)
