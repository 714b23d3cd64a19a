"""Batches of a split, shuffled and augmented, made one ahead of their use."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from imagestudy.augmentation import augment

AHEAD = 3


def training_batches(
    inputs: np.ndarray,
    labels: np.ndarray,
    settings: dict[str, Any],
    pca: dict[str, Any],
    seed: int,
    epoch: int,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """One epoch of full batches; what is left over is seen in another epoch's order.

    The order and the augmentation depend on (`seed`, `epoch`) alone, so that a resumed training
    sees what an uninterrupted one would have seen. Only pictures (uint8) are augmented.
    """
    order = np.random.default_rng((seed, epoch)).permutation(len(labels))
    size = min(settings["batch_size"], len(labels))

    def batch(number: int) -> tuple[np.ndarray, np.ndarray]:
        chosen = order[number * size : (number + 1) * size]
        images = inputs[chosen]
        if images.dtype == np.uint8:
            generator = np.random.default_rng((seed, epoch, number))
            images = augment(images, settings["augmentation"], pca, generator)
        return images, labels[chosen]

    with ThreadPoolExecutor(1) as pool:
        count = len(labels) // size
        waiting = [pool.submit(batch, number) for number in range(min(AHEAD, count))]
        for number in range(count):
            ready = waiting.pop(0).result()
            if number + AHEAD < count:
                waiting.append(pool.submit(batch, number + AHEAD))
            yield ready


def steps_per_epoch(pictures: int, batch_size: int) -> int:
    """Full batches in an epoch, at least one."""
    return pictures // min(batch_size, pictures)
