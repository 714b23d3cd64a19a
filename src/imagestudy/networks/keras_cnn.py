"""The hand-built convolutional network, whose sizes a person varies."""

from typing import Any

from imagestudy.lean import keras
from imagestudy.networks.parts import pictures, probabilities


def keras_cnn(
    image_shape: tuple[int, int, int],
    classes: int,
    statistics: dict[str, Any],
    maps: list[int],
    convolutions_per_stage: int,
    units: int,
    dropout: float,
    batch_normalization: bool,
    average: bool = False,
) -> keras.Model:
    """Stages of 3x3 convolutions with `maps[stage]` maps, each ended by a 2x2 pooling.

    Then a dense layer of `units`, dropout, and the class probabilities. With `average` the dense
    layer gets each map's average instead of all its pixels.
    """
    inputs, x = pictures(image_shape, statistics)
    for stage, size in enumerate(maps, start=1):
        for number in range(1, convolutions_per_stage + 1):
            name = f"stage{stage}_convolution{number}"
            x = keras.layers.Conv2D(
                size,
                3,
                padding="same",
                use_bias=not batch_normalization,
                kernel_initializer="he_normal",
                name=name,
            )(x)
            if batch_normalization:
                x = keras.layers.BatchNormalization(name=f"{name}_normalization")(x)
            x = keras.layers.ReLU(name=f"{name}_relu")(x)
        x = keras.layers.MaxPooling2D(2, name=f"stage{stage}_pooling")(x)
    if average:
        x = keras.layers.GlobalAveragePooling2D(name="average")(x)
    else:
        x = keras.layers.Flatten(name="flatten")(x)
    x = keras.layers.Dense(units, "relu", kernel_initializer="he_normal", name="dense")(x)
    x = keras.layers.Dropout(dropout, name="dropout")(x)
    return keras.Model(inputs, probabilities(x, classes), name="keras_cnn")
