"""Batches of a split, shuffled and augmented, made ahead of their use."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from imagestudy.augmentation import augment, cutmix

AHEAD = 3


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
    """One epoch of full batches from the `first` on; what is left over is in another epoch's order.

    `inputs`: uint8 pictures (N x H x W x 3), which are augmented, or what a frozen beginning makes
    of them. Yields inputs and targets (float32, pictures x `classes`). The order and the
    augmentation depend on (`seed`, `epoch`) alone, so that a resumed training sees what an
    uninterrupted one would have seen.
    """
    order = np.random.default_rng((seed, epoch)).permutation(len(labels))
    size = min(settings["batch_size"], len(labels))
    augmentation = settings["augmentation"]

    def batch(number: int) -> tuple[np.ndarray, np.ndarray]:
        chosen = order[number * size : (number + 1) * size]
        images, targets = inputs[chosen], one_hot(labels[chosen], classes)
        if images.dtype == np.uint8:
            generator = np.random.default_rng((seed, epoch, number))
            images = augment(images, augmentation, pca, generator)
            if augmentation["cutmix"]:
                images, targets = cutmix(images, targets, augmentation["cutmix"], generator)
        return images, targets

    with ThreadPoolExecutor(1) as pool:
        count = len(labels) // size
        waiting = [pool.submit(batch, each) for each in range(first, min(first + AHEAD, count))]
        for number in range(first, count):
            ready = waiting.pop(0).result()
            if number + AHEAD < count:
                waiting.append(pool.submit(batch, number + AHEAD))
            yield ready


def one_hot(labels: np.ndarray, classes: int) -> np.ndarray:
    """`labels` (int, N) as float32, N x classes."""
    return np.eye(classes, dtype=np.float32)[labels]


def steps_per_epoch(pictures: int, batch_size: int) -> int:
    """Full batches in an epoch, at least one."""
    return pictures // min(batch_size, pictures)
