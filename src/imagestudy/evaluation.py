"""Probabilities that a network gives to pictures, and the metrics they amount to."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from imagestudy import device, stored
from imagestudy.lean import keras

# Pictures of one call. A GPU would wait between small ones, and has the memory for large ones
# unless an output is larger than VGG-16's, of pictures of 32 x 32.
FEW, MANY = 500, 2500
VGG16_VALUES = 32 * 32 * 64


def at_once(network: keras.Model, kind: str) -> int:
    """How many pictures `network` is given in one call on a device of this `kind`."""
    if kind == device.CPU:
        return FEW
    outputs = keras.tree.flatten([layer.output for layer in network.layers])
    # A side is None where a network within takes pictures of any size.
    largest = max(math.prod(filter(None, output.shape[1:])) for output in outputs)
    return min(MANY, max(FEW, MANY * VGG16_VALUES // largest))


def probabilities(
    network: keras.Model,
    inputs: np.ndarray,
    between: Callable[[], None] = lambda: None,
    flipped: bool = False,
) -> np.ndarray:
    """Class probabilities (float32, N x classes) of `inputs`; NaN where the network diverged.

    `between` is called after each batch. With `flipped`, those of each picture and of its mirror
    image are averaged.
    """
    parts, size = [], at_once(network, device.kind())
    for first in range(0, len(inputs), size):
        batch = inputs[first : first + size]
        part = _predicted(network, batch, size)
        if flipped:
            part = (part + _predicted(network, batch[:, :, ::-1], size)) / 2
        parts.append(part)
        between()
    return np.concatenate(parts).astype(np.float32)


def _predicted(network: keras.Model, batch: np.ndarray, size: int) -> np.ndarray:
    # One batch shape, so that the network is compiled once.
    missing = size - len(batch)
    padded = np.concatenate([batch, np.repeat(batch[-1:], missing, axis=0)]) if missing else batch
    return np.asarray(network.predict_on_batch(padded))[: len(batch)]


def metrics(probabilities: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """`pictures`, `top1`, `top5` and `loss` of what a run stores of `probabilities`."""
    return stored.metrics(stored.log_probabilities(probabilities), labels)


def at_chance(top1: float, labels: np.ndarray) -> bool:
    """Whether `top1` on `labels` lies within three standard errors of always the largest class."""
    chance = np.bincount(labels).max() / len(labels)
    return bool(top1 < chance + 3 * np.sqrt(chance * (1 - chance) / len(labels)))
