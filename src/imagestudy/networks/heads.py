"""A new end for a network that was trained on other classes."""

from typing import Any

from imagestudy.lean import keras
from imagestudy.networks.parts import probabilities


def dense_head(features: Any, classes: int, units: int, dropout: float) -> Any:
    """Flattened `features`, one dense layer of `units`, dropout, and a softmax over `classes`."""
    x = keras.layers.Flatten(name="flatten")(features)
    x = keras.layers.Dense(units, "relu", kernel_initializer="he_normal", name="dense")(x)
    x = keras.layers.Dropout(dropout, name="dropout")(x)
    return probabilities(x, classes)
