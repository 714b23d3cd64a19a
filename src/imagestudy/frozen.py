"""Layers before the first trainable one: evaluated once per picture, not once per epoch."""

import keras
import numpy as np

from imagestudy import device


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


def features(beginning: keras.Model, images: np.ndarray, batch: int = 500) -> np.ndarray:
    """The outputs of `beginning` for all `images`, in its own precision, in memory."""
    collected = None
    for start in range(0, len(images), batch):
        part = np.asarray(beginning.predict_on_batch(images[start : start + batch]))
        if collected is None:
            collected = np.empty((len(images), *part.shape[1:]), part.dtype)
        collected[start : start + len(part)] = part
    return collected
