"""Epochs of a training: compiled steps, and the batches that they want, made where the data lie."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from imagestudy import device, steps
from imagestudy.batches import ahead, drawn_batches, made, training_batches
from imagestudy.lean import keras


class Epochs:
    """What one network is trained on, epoch by epoch, and the steps that train it."""

    def __init__(
        self,
        network: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        labels: np.ndarray,
        settings: dict[str, Any],
        pca: dict[str, Any],
        seed: int,
    ) -> None:
        """`optimizer` is built for `network`; `settings` are those of a `training` block."""
        self._labels, self._settings, self._pca, self._seed = labels, settings, pca, seed
        self._classes = network.output.shape[-1]
        self._on_device, self._placed = device.holds_data(), None
        given = network, optimizer, settings["label_smoothing"]
        self._steps = steps.compiled(*given, *([self._made] if self._on_device else []))
        self.at_once = device.steps_at_once()

    def batches(self, inputs: np.ndarray, epoch: int, first: int = 0) -> Iterator[Any]:
        """The batches of an epoch of `inputs`, from the `first` on, as `train` wants them."""
        drawn = self._settings, self._pca, self._seed, epoch, first
        if not self._on_device:
            return training_batches(inputs, self._labels, self._classes, *drawn)
        if inputs is not self._placed:
            self._steps.place((np.asarray(inputs), self._labels))
            self._placed = inputs
        # While a call trains, the next one's are drawn.
        return ahead(drawn_batches(inputs, *drawn), self.at_once)

    def train(self, batches: list[Any], rates: list[float]) -> list[tuple[float, float]]:
        """A step for each batch, at its learning rate; each step's loss and accuracy.

        `batches` holds at most `at_once` of them.
        """
        return self._steps(batches, rates)

    def _made(self, placed: Any, drawn: Any) -> tuple[Any, Any]:
        return made(keras.ops, *placed, self._classes, drawn)
