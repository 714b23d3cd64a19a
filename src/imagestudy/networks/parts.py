"""What every network begins and ends with."""

from typing import Any

from imagestudy.lean import keras


def pictures(image_shape: tuple[int, int, int], statistics: dict[str, Any]) -> tuple[Any, Any]:
    """The input of raw pictures (uint8, H x W x 3) and the same pictures standardised.

    `statistics` holds `mean` and `std` per channel, as fractions of 1.
    """
    inputs = keras.Input(image_shape, dtype="uint8", name="pictures")
    scaling = keras.layers.Normalization(
        mean=[255 * value for value in statistics["mean"]],
        variance=[(255 * value) ** 2 for value in statistics["std"]],
        name="standardise",
    )
    return inputs, scaling(inputs)


def probabilities(features: Any, classes: int) -> Any:
    """The last layer: a probability per class, in float32 whatever the precision before it."""
    softmax = keras.layers.Dense(classes, "softmax", dtype="float32", name="probabilities")
    return softmax(features)


def scaled(size: int, width: float) -> int:
    """`size` maps or units times `width`, at least 1."""
    return max(1, round(size * width))
