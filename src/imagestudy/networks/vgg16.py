"""VGG-16 (Simonyan and Zisserman 2014, configuration D)."""

from typing import Any

from imagestudy.lean import keras
from imagestudy.networks.parts import pictures, probabilities, scaled

# maps and number of convolutions of each block; 13 convolutions in all
BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
UNITS = (4096, 4096)
# Subtracted from blue, green, red by the published ImageNet weights (0..255).
IMAGENET_MEAN_BGR = (103.939, 116.779, 123.68)


def vgg16(
    image_shape: tuple[int, int, int],
    classes: int,
    statistics: dict[str, Any],
    width: float,
    dropout: float,
    batch_normalization: bool,
) -> keras.Model:
    """The published network: 13 convolutions, two dense layers with dropout, softmax.

    `width` multiplies all maps and units; with `batch_normalization` each convolution is
    followed by it.
    """
    inputs, x = pictures(image_shape, statistics)
    x = keras.layers.Flatten(name="flatten")(convolutions(x, width, batch_normalization))
    for number, units in enumerate(UNITS, start=1):
        x = keras.layers.Dense(
            scaled(units, width), "relu", kernel_initializer="he_normal", name=f"dense_{number}"
        )(x)
        x = keras.layers.Dropout(dropout, name=f"dropout_{number}")(x)
    return keras.Model(inputs, probabilities(x, classes), name="vgg16")


def convolutional_base(
    image_shape: tuple[int, int, int],
    statistics: dict[str, Any],
    width: float,
    batch_normalization: bool,
    start: str,
    upscale: int = 1,
) -> keras.Model:
    """VGG-16 up to its last pooling, for other heads; at full width 14,714,688 parameters.

    Pictures are enlarged `upscale` times first (bilinearly): the published weights have learned
    from larger ones.

    With `start` "imagenet" the pictures are prepared as the published weights expect them (blue,
    green, red, less the mean); else they are standardised by `statistics`.
    """
    if start == "imagenet":
        inputs = keras.Input(image_shape, dtype="uint8", name="pictures")
        x = keras.ops.flip(keras.ops.cast(inputs, keras.config.floatx()), axis=-1)
        x = keras.layers.Normalization(
            mean=IMAGENET_MEAN_BGR, variance=[1.0, 1.0, 1.0], name="subtract_mean"
        )(x)
    else:
        inputs, x = pictures(image_shape, statistics)
    if upscale > 1:
        enlarge = keras.layers.UpSampling2D(upscale, interpolation="bilinear", name="enlarge")
        x = enlarge(x)
    return keras.Model(inputs, convolutions(x, width, batch_normalization), name="vgg16_base")


def convolutions(x: Any, width: float, batch_normalization: bool) -> Any:
    """The five blocks, each ended by a 2x2 pooling; layers named as in `keras.applications`."""
    for block, (maps, count) in enumerate(BLOCKS, start=1):
        for number in range(1, count + 1):
            name = f"block{block}_conv{number}"
            x = keras.layers.Conv2D(
                scaled(maps, width),
                3,
                padding="same",
                activation=None if batch_normalization else "relu",
                kernel_initializer="he_normal",
                name=name,
            )(x)
            if batch_normalization:
                x = keras.layers.BatchNormalization(name=f"{name}_normalization")(x)
                x = keras.layers.ReLU(name=f"{name}_relu")(x)
        x = keras.layers.MaxPooling2D(2, 2, name=f"block{block}_pool")(x)
    return x


def freeze_blocks(base: keras.Model, count: int) -> None:
    """Freeze the layers of the first `count` blocks (0 to 5) of a convolutional base."""
    frozen = tuple(f"block{block}_" for block in range(1, count + 1))
    for layer in base.layers:
        layer.trainable = not layer.name.startswith(frozen)
