"""Weights that a network starts from, and where they come from."""

import hashlib
from pathlib import Path
from typing import Any

import keras
import numpy as np

from imagestudy.errors import StudyError
from imagestudy.sources import IMAGENET


def load_start(base: keras.Model, start: str, path: Path) -> dict[str, Any]:
    """Give `base` its starting weights and return their provenance.

    `start` is `imagenet` (`path` is Keras's published file without top) or the name of an
    experiment of this study (`path` is its saved network; layers are matched by name). Returns
    `provenance` (`imagenet` or `study`), `name` and the `digest` of the weights loaded.
    """
    try:
        if start == IMAGENET:
            base.load_weights(path)
        else:
            _copy(keras.saving.load_model(path, safe_mode=True), base)
    except (ValueError, OSError) as error:
        raise StudyError(
            f"{path}: its weights do not fit {base.name} ({error}); start must be the same "
            "network, of the same width"
        ) from error
    return {
        "provenance": IMAGENET if start == IMAGENET else "study",
        "name": start,
        "digest": digest(base),
    }


def _copy(parent: keras.Model, base: keras.Model) -> None:
    for layer in base.layers:
        if layer.weights:
            layer.set_weights(parent.get_layer(layer.name).get_weights())


def digest(network: keras.Model) -> str:
    """SHA-256 of the weights of `network`, in order."""
    total = hashlib.sha256()
    for weight in network.get_weights():
        total.update(np.ascontiguousarray(weight).tobytes())
    return total.hexdigest()
