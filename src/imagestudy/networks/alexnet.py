"""AlexNet (Krizhevsky, Sutskever and Hinton 2012), adapted to small pictures."""

from typing import Any

import numpy as np

from imagestudy.lean import keras
from imagestudy.networks.parts import pictures, probabilities, scaled

# maps, kernel, stride, normalised after, pooled after. The published first kernel is 11x11 with
# stride 4 on 224x224 pictures; ASSUME: on 32x32 it becomes 5x5 with stride 2.
CONVOLUTIONS = (
    (96, 5, 2, True, True),
    (256, 5, 1, True, True),
    (384, 3, 1, False, False),
    (384, 3, 1, False, False),
    (256, 3, 1, False, True),
)
UNITS = 4096


def alexnet(
    image_shape: tuple[int, int, int],
    classes: int,
    statistics: dict[str, Any],
    width: float,
    dropout: float,
    batch_normalization: bool,
) -> keras.Model:
    """Five convolutions and three dense layers; three poolings, two normalizations, one dropout.

    Departures from the paper: the sizes above, one tower instead of two, and the one dropout
    that the original report names instead of the paper's two. `width` multiplies all maps
    and units. With `batch_normalization` each convolution is followed by it, and the paper's two
    normalizations are left out.
    """
    inputs, x = pictures(image_shape, statistics)
    for number, (maps, kernel, stride, normalised, pooled) in enumerate(CONVOLUTIONS, start=1):
        x = keras.layers.Conv2D(
            scaled(maps, width),
            kernel,
            strides=stride,
            padding="same",
            activation=None if batch_normalization else "relu",
            kernel_initializer="he_normal",
            name=f"convolution_{number}",
        )(x)
        if batch_normalization:
            x = keras.layers.BatchNormalization(name=f"convolution_{number}_normalization")(x)
            x = keras.layers.ReLU(name=f"convolution_{number}_relu")(x)
        elif normalised:
            x = local_response_normalization(x)
        if pooled:
            x = keras.layers.MaxPooling2D(3, 2, padding="same", name=f"pooling_{number}")(x)
    x = keras.layers.Flatten(name="flatten")(x)
    x = _dense(x, 6, width)
    x = keras.layers.Dropout(dropout, name="dropout")(x)
    x = _dense(x, 7, width)
    return keras.Model(inputs, probabilities(x, classes), name="alexnet")


def _dense(x: Any, number: int, width: float) -> Any:
    return keras.layers.Dense(
        scaled(UNITS, width), "relu", kernel_initializer="he_normal", name=f"dense_{number}"
    )(x)


def local_response_normalization(
    x: Any, depth: int = 5, bias: float = 2.0, alpha: float = 1e-4
) -> Any:
    """Divide by (bias + alpha x sum of squares over `depth` adjacent maps) ** 0.75.

    Section 3.3 of the paper, with its constants. Built from `keras.ops`, so that a saved network
    loads without custom objects. The sums over adjacent maps are a product with a banded matrix:
    on a CPU six times as fast as adding shifted copies.
    """
    places = np.arange(x.shape[-1])
    adjacent = abs(places[:, None] - places) <= depth // 2
    total = keras.ops.matmul(keras.ops.square(x), keras.ops.cast(adjacent, x.dtype))
    root = keras.ops.rsqrt(bias + alpha * keras.ops.cast(total, "float32"))
    return x * keras.ops.cast(root * keras.ops.sqrt(root), x.dtype)
