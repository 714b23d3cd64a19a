"""Layers before the first trainable one: evaluated once per picture, not once per epoch."""

import hashlib
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np

from imagestudy import device
from imagestudy.augmentation import augment
from imagestudy.disks import reserve
from imagestudy.lean import keras
from imagestudy.provenance import digest

BATCH = 500


def cut(network: keras.Model) -> tuple[keras.Model, keras.Model] | None:
    """The frozen beginning of `network` and the rest, sharing its layers.

    None where nothing with weights is frozen before the first trainable layer, or where the
    network does not go on as one chain from there.
    """
    layers = [each for each in network.layers if not isinstance(each, keras.layers.InputLayer)]
    first = next((i for i, each in enumerate(layers) if each.trainable_weights), 0)
    if not any(each.weights for each in layers[:first]):
        return None
    for before, after in zip(layers[first:], layers[first + 1 :], strict=False):
        if after.input is not before.output:
            return None
    boundary = layers[first].input
    inputs = keras.Input(boundary.shape[1:], dtype=boundary.dtype, name="features")
    x = inputs
    for layer in layers[first:]:
        x = layer(x)
    beginning = keras.Model(network.inputs, boundary, name="frozen")
    beginning.compile(jit_compile=device.jit_compile())
    return beginning, keras.Model(inputs, x, name="trained")


class Features:
    """What one frozen beginning makes of pictures: memory-mapped files, made when first asked for.

    A file is named by the data, the weights, the layer and the augmentation it was made with.
    """

    def __init__(self, beginning: keras.Model, folder: Path, data: str) -> None:
        """`folder`: for this training alone; `data`: the digest of the pictures' data set."""
        folder.mkdir(parents=True, exist_ok=True)
        self._beginning = beginning
        self._folder = folder
        weights = hashlib.sha256()
        for weight in beginning.get_weights():
            weights.update(np.ascontiguousarray(weight).tobytes())
        output = beginning.output
        self._made_with = [data, weights.hexdigest(), str(output.shape), str(output.dtype)]

    def of(self, split: str, images: np.ndarray) -> np.ndarray:
        """The outputs for all `images` of `split`, in the precision of the beginning."""
        return self._made([split, len(images)], images, lambda batch, first: batch)

    def of_views(
        self,
        images: np.ndarray,
        views: int,
        augmentation: dict[str, Any],
        pca: dict[str, Any],
        seed: int,
    ) -> list[np.ndarray]:
        """The outputs for `views` differently augmented copies of the training pictures."""

        def view(number: int) -> np.ndarray:
            def augmented(batch: np.ndarray, first: int) -> np.ndarray:
                generator = np.random.default_rng((seed, number, first))
                return augment(batch, augmentation, pca, generator)

            return self._made(["view", number, seed, augmentation, len(images)], images, augmented)

        return [view(number) for number in range(views)]

    def _made(self, what: list[Any], images: np.ndarray, changed: Any) -> np.ndarray:
        path = self._folder / f"features-{digest([*self._made_with, what])[:16]}.bin"
        shape = (len(images), *self._beginning.output.shape[1:])
        dtype = _numpy_type(self._beginning.output.dtype)
        if not path.exists():
            partial = path.with_suffix(".part")
            collected = np.memmap(partial, dtype, "w+", shape=shape)
            reserve(partial)
            with device.faster_layers(self._beginning):
                for first in range(0, len(images), BATCH):
                    batch = changed(images[first : first + BATCH], first)
                    outputs = self._beginning.predict_on_batch(batch)
                    collected[first : first + len(batch)] = np.asarray(outputs)
            collected.flush()
            partial.replace(path)
        return np.memmap(path, dtype, "r", shape=shape)


def _numpy_type(name: str) -> np.dtype:
    """NumPy's type of the Keras type `name`; NumPy has no bfloat16 of its own."""
    return np.dtype(ml_dtypes.bfloat16 if name == "bfloat16" else name)
