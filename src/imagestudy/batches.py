"""Batches of a split: which pictures, in which order, and what becomes of them."""

import collections
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from imagestudy.augmentation import changed, draw, mixed

AHEAD = 3
# Of the streams of random numbers of an epoch: NumPy takes (1, 2) and (1, 2, 0) for the same.
ORDER, CHANGES = 1, 2


def drawn_batches(
    inputs: np.ndarray,
    settings: dict[str, Any],
    pca: dict[str, Any],
    seed: int,
    epoch: int,
    first: int = 0,
) -> Iterator[dict[str, Any]]:
    """What is drawn for each full batch of one epoch, from the `first` on; see `made`.

    What is left over is in another epoch's order. `inputs`: uint8 pictures (N x H x W x 3), which
    are augmented, or what a frozen beginning makes of them. The order and the augmentation depend
    on (`seed`, `epoch`) alone, so that a resumed training sees what an uninterrupted one would have
    seen.
    """
    order = np.random.default_rng((ORDER, seed, epoch)).permutation(len(inputs)).astype(np.int32)
    size = min(settings["batch_size"], len(inputs))
    for number in range(first, len(inputs) // size):
        drawn = {"chosen": order[number * size : (number + 1) * size]}
        if inputs.dtype == np.uint8:
            generator = np.random.default_rng((CHANGES, seed, epoch, number))
            shape = (size, *inputs.shape[1:3])
            drawn |= draw(shape, settings["augmentation"], pca, generator)
        yield drawn


def made(xp: Any, inputs: Any, labels: Any, classes: int, drawn: dict[str, Any]) -> tuple[Any, Any]:
    """A batch as `drawn`: inputs, and targets (float32, pictures x `classes`).

    `inputs` and `labels` (int) are the whole split's. `xp` is `numpy`, or `keras.ops` where they
    lie on a device.
    """
    chosen = drawn["chosen"]
    images = changed(xp, xp.take(inputs, chosen, axis=0), drawn)
    targets = one_hot(xp, xp.take(labels, chosen, axis=0), classes)
    return images, mixed(xp, targets, drawn["mix"]) if "mix" in drawn else targets


def training_batches(
    inputs: np.ndarray,
    labels: np.ndarray,
    classes: int,
    settings: dict[str, Any],
    pca: dict[str, Any],
    seed: int,
    epoch: int,
    first: int = 0,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The batches of one epoch, made by NumPy ahead of their use; see `drawn_batches`, `made`."""
    drawn = drawn_batches(inputs, settings, pca, seed, epoch, first)
    return ahead((made(np, inputs, labels, classes, each) for each in drawn), AHEAD)


def ahead(batches: Iterator[Any], count: int) -> Iterator[Any]:
    """The same `batches`, of which a thread makes the next `count` while one is used."""
    # One thread: it makes them in their order.
    with ThreadPoolExecutor(1) as pool:
        waiting = collections.deque(pool.submit(next, batches, None) for _ in range(count))
        while (ready := waiting.popleft().result()) is not None:
            waiting.append(pool.submit(next, batches, None))
            yield ready


def one_hot(xp: Any, labels: Any, classes: int) -> Any:
    """`labels` (int, N) as float32, N x classes."""
    return xp.take(xp.eye(classes, dtype="float32"), labels, axis=0)


def steps_per_epoch(pictures: int, batch_size: int) -> int:
    """Full batches in an epoch, at least one."""
    return pictures // min(batch_size, pictures)
