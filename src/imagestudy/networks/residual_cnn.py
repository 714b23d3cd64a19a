"""A small residual network, in the line of the fast CIFAR-10 networks (DAWNBench's ResNet-9)."""

from typing import Any

from imagestudy.lean import keras
from imagestudy.networks.parts import pictures, probabilities


def residual_cnn(
    image_shape: tuple[int, int, int],
    classes: int,
    statistics: dict[str, Any],
    maps: list[int],
    dropout: float,
) -> keras.Model:
    """A first convolution with `maps[0]` maps, then a stage for each further size.

    A stage is a convolution, a 2x2 pooling, and a convolution whose outcome is added to what it was
    given. All convolutions are 3x3, with batch normalization and ReLU. Then the average over the
    picture, dropout, and the class probabilities. With maps 32, 128, 256, 512 and 200 classes
    4,718,760 parameters.
    """
    inputs, x = pictures(image_shape, statistics)
    x = _activated(_convolution(x, maps[0], "first"), "first")
    for stage, size in enumerate(maps[1:], start=1):
        name = f"stage{stage}"
        x = keras.layers.MaxPooling2D(2, name=f"{name}_pooling")(_convolution(x, size, name))
        x = _activated(x, name)
        residual = f"{name}_residual"
        added = _activated(_convolution(x, size, residual), residual)
        x = keras.layers.Add(name=f"{name}_sum")([x, added])
    x = keras.layers.GlobalAveragePooling2D(name="average")(x)
    x = keras.layers.Dropout(dropout, name="dropout")(x)
    return keras.Model(inputs, probabilities(x, classes), name="residual_cnn")


def _convolution(x: Any, maps: int, name: str) -> Any:
    return keras.layers.Conv2D(
        maps,
        3,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_convolution",
    )(x)


def _activated(x: Any, name: str) -> Any:
    x = keras.layers.BatchNormalization(name=f"{name}_normalization")(x)
    return keras.layers.ReLU(name=f"{name}_relu")(x)
