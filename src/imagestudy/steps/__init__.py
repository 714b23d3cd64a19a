"""The compiled training steps of each backend: forward, backward, update."""

from collections.abc import Callable
from typing import Any

from imagestudy.lean import keras

Batch = Any  # inputs and targets, or what `make` makes them of


def compiled(
    network: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    label_smoothing: float,
    make: Callable[[Any, Batch], tuple[Any, Any]] = lambda placed, batch: batch,
) -> Any:
    """The training steps of `network` with `optimizer`, which is built for it.

    `make` is compiled into them: it gets what `place` put on the device, and a batch, and gives
    inputs and targets. Called with a list of batches and a learning rate for each, they train on
    one after another and return the loss and the accuracy of each.
    """
    if keras.backend.backend() == "jax":
        from imagestudy.steps.jax import Steps
    else:
        from imagestudy.steps.tensorflow import Steps
    return Steps(network, optimizer, label_smoothing, make)
