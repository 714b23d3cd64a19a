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
    flip: bool = False,
    shift: int = 0,
) -> np.ndarray:
    """Class probabilities (float32, N x classes) of `inputs`; NaN where the network diverged.

    `between` is called after each batch. With `flip` or `shift`, the mean over the `looks` at each
    picture.
    """
    parts, size = [], at_once(network, device.kind())
    for first in range(0, len(inputs), size):
        batch = inputs[first : first + size]
        given = [_predicted(network, look, size) for look in looks(batch, flip, shift)]
        parts.append(np.mean(given, axis=0))
        between()
    return np.concatenate(parts).astype(np.float32)


def looks(pictures: np.ndarray, flip: bool, shift: int) -> list[np.ndarray]:
    """What is averaged over: `pictures` (N x side x side x channels), and what they look like else.

    With `shift`, also moved by so many pixels towards each corner, with what lies behind the
    border reflected; with `flip`, also the mirror image of each. Both together are the ten crops
    of AlexNet (Krizhevsky, Sutskever and Hinton 2012, section 4.1).
    """
    found = [pictures]
    if shift:
        side, margin = pictures.shape[1], ((0, 0), (shift, shift), (shift, shift), (0, 0))
        wide, corners = np.pad(pictures, margin, mode="reflect"), (0, 2 * shift)
        found += [wide[:, y : y + side, x : x + side] for y in corners for x in corners]
    return found + [each[:, :, ::-1] for each in found] if flip else found


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
