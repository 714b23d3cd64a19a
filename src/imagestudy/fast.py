"""Faster forms of Keras layers, for training with TensorFlow on a CPU.

Where TensorFlow loses time there: Keras normalises a batch in mixed precision by a chain of unfused
operations, oneDNN's weight gradient of a convolution is slow on small maps, the gradients of
weights are written out in float32 before the optimizer reads them, and a ReLU before a maximum
pooling works on four times as many numbers as behind it. Where it loses exactness: the gradient of
a bias is added up in bfloat16. `benchmarks/` measures training against PyTorch. A layer's `call`,
or its activation, is replaced while it trains; its variables and type stay, so that what is saved
is plain Keras.
"""

import collections
import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

from imagestudy.lean import keras

# Pixels of a side up to which nine matrix products are faster than oneDNN's weight gradient, which
# gains less than they do from a processor's units for bfloat16.
SMALL_MAP = {"float32": 4, "bfloat16": 8}
# And up to which the whole convolution is faster as one dense layer: few of its taps meet anything
# but padding, and its weights, not its pictures, are what is many.
TINY_MAP = 2


@contextlib.contextmanager
def layers(network: keras.Model) -> Iterator[None]:
    """Let the layers of `network`, nested ones included, be called in their faster forms."""
    with contextlib.ExitStack() as replaced:
        for layer in list(_layers_with_faster_forms(network)):
            replaced.enter_context(_has(layer, "call", FORMS[type(layer)](layer, layer.call)))
        for layer, pooling in list(_relus_before_pooling(network)):
            replaced.enter_context(_has(layer, *WITHOUT_RELU[type(layer)]))
            replaced.enter_context(_has(pooling, "call", _then_relu(pooling.call)))
        yield


@contextlib.contextmanager
def _has(layer: keras.layers.Layer, attribute: str, value: Any) -> Iterator[None]:
    """Give `layer` an attribute of its own, and in the end what it had."""
    own = attribute in vars(layer)
    before = getattr(layer, attribute)
    setattr(layer, attribute, value)
    try:
        yield
    finally:
        if own:
            setattr(layer, attribute, before)
        else:
            delattr(layer, attribute)


def _layers_with_faster_forms(network: keras.Model) -> Iterator[keras.layers.Layer]:
    # A set: a layer that is used twice is changed once.
    for layer in set(network.layers):
        if isinstance(layer, keras.Model):
            yield from _layers_with_faster_forms(layer)
        elif type(layer) in FORMS:
            yield layer


def _relus_before_pooling(
    network: keras.Model,
) -> Iterator[tuple[keras.layers.Layer, keras.layers.MaxPooling2D]]:
    """Each layer that ends with ReLU and whose output one maximum pooling alone takes, and that.

    The maximum of what ReLU leaves is what ReLU leaves of the maximum, to the last bit.
    """
    nested = [layer for layer in network.layers if isinstance(layer, keras.Model)]
    for layer in nested:
        yield from _relus_before_pooling(layer)
    # A nested network's `input` is not what it takes; a Sequential has no operations.
    if nested or isinstance(network, keras.Sequential):
        return
    taken = [each for one in network.operations for each in keras.tree.flatten(one.input)]
    taken_by = collections.Counter(id(each) for each in [*taken, *network.outputs])
    made_by = {id(layer.output): layer for layer in network.layers}
    for pooling in network.layers:
        if type(pooling) is keras.layers.MaxPooling2D and taken_by[id(pooling.input)] == 1:
            layer = made_by.get(id(pooling.input))
            if _ends_with_relu(layer):
                yield layer, pooling


def _ends_with_relu(layer: keras.layers.Layer | None) -> bool:
    if type(layer) is keras.layers.ReLU:
        return (layer.max_value, layer.negative_slope, layer.threshold) == (None, 0, 0)
    return type(layer) is keras.layers.Conv2D and layer.activation is keras.activations.relu


def _then_relu(pooling: Callable[..., Any]) -> Callable[..., Any]:
    return lambda inputs: tf.nn.relu(pooling(inputs))


def batch_normalization(
    layer: keras.layers.BatchNormalization, plain: Callable[..., Any]
) -> Callable[..., Any]:
    """`layer.call` by TensorFlow's fused kernel, which takes bfloat16 and float32 as they are."""

    def call(inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if len(inputs.shape) != 4 or layer.axis not in (-1, 3) or mask is not None:
            return plain(inputs, training=training, mask=mask)
        maps = inputs.shape[-1]
        learns = bool(training and layer.trainable)
        mean, variance = layer.moving_mean, layer.moving_variance
        outputs, batch_mean, batch_variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=tf.cast(inputs, layer.compute_dtype),
            scale=layer.gamma if layer.scale else tf.ones(maps),
            offset=layer.beta if layer.center else tf.zeros(maps),
            mean=tf.zeros(0) if learns else mean,
            variance=tf.zeros(0) if learns else variance,
            epsilon=layer.epsilon,
            is_training=learns,
        )
        if learns:
            # The kernel's variance divides by n - 1, Keras's by n.
            count = tf.cast(tf.size(inputs) // maps, tf.float32)
            batch_variance *= (count - 1) / count
            kept = layer.momentum
            mean.assign(mean * kept + batch_mean * (1 - kept))
            variance.assign(variance * kept + batch_variance * (1 - kept))
        return outputs

    return call


def convolution(layer: keras.layers.Conv2D, plain: Callable[..., Any]) -> Callable[..., Any]:
    """`layer.call` with the weight gradient on small maps as one matrix product per offset.

    On tiny maps it is one matrix product in all.
    """
    weights, otherwise = layer.kernel.value, biased(layer, plain)

    def call(inputs: Any) -> Any:
        # TensorFlow trains a dilated `conv2d` on some processors only; Keras has another way.
        dilated = max(layer.dilation_rate) > 1
        if layer.data_format != "channels_last" or layer.groups != 1 or dilated:
            return otherwise(inputs)
        kernel = _cast(weights, inputs.dtype)
        if not _on_small_map(layer, inputs):
            outputs = tf.nn.conv2d(inputs, kernel, layer.strides, layer.padding.upper())
        elif layer.padding == "same" and max(inputs.shape[1:3]) <= TINY_MAP:
            outputs = _dense(inputs, kernel)
        else:
            outputs = _convolved(inputs, kernel, layer.padding.upper())
        return _finished(layer, outputs)

    return call


def dense(layer: keras.layers.Dense, plain: Callable[..., Any]) -> Callable[..., Any]:
    """`layer.call` with the gradient of its weights left in the type of its computations."""
    weights = layer.kernel.value

    def call(inputs: Any, training: bool | None = None) -> Any:
        if len(inputs.shape) != 2:
            return plain(inputs, training=training)
        return _finished(layer, tf.matmul(inputs, _cast(weights, inputs.dtype)))

    return call


def biased(layer: keras.layers.Layer, plain: Callable[..., Any]) -> Callable[..., Any]:
    """`layer.call`, of some convolution, with its bias added as `_finished` does."""

    def call(inputs: Any) -> Any:
        if layer.data_format != "channels_last":
            return plain(inputs)
        bare = {"use_bias": False, "activation": keras.activations.linear}
        with contextlib.ExitStack() as replaced:
            for attribute, value in bare.items():
                replaced.enter_context(_has(layer, attribute, value))
            outputs = plain(inputs)
        return _finished(layer, outputs)

    return call


def _finished(layer: keras.layers.Layer, outputs: Any) -> Any:
    if layer.use_bias:
        bias = tf.cast(tf.convert_to_tensor(layer.bias), outputs.dtype)
        outputs = _biased(outputs, bias)
    return layer.activation(outputs) if layer.activation else outputs


@tf.custom_gradient
def _biased(outputs: Any, bias: Any) -> tuple[Any, Callable[..., Any]]:
    """`outputs` with `bias` added, and a gradient of the bias that is right in bfloat16.

    TensorFlow's own kernel for it adds thousands of numbers up in that type: of the gradient of
    128 maps of 16x16 it loses two thirds.
    """

    def gradients(upstream: Any) -> tuple[Any, Any]:
        return upstream, tf.reduce_sum(upstream, axis=list(range(len(upstream.shape) - 1)))

    return tf.nn.bias_add(outputs, bias), gradients


def _cast(weights: Any, dtype: Any) -> Any:
    """`weights` in another type, in which their gradient stays: the optimizer's update casts it."""

    @tf.custom_gradient
    def cast(given: Any) -> tuple[Any, Callable[..., Any]]:
        return tf.cast(given, dtype), lambda upstream: upstream

    return cast(weights)


def _on_small_map(layer: keras.layers.Conv2D, inputs: Any) -> bool:
    plain = layer.kernel_size == (3, 3) and layer.strides == (1, 1)
    return plain and max(inputs.shape[1:3]) <= SMALL_MAP.get(inputs.dtype.name, 0)


@tf.custom_gradient
def _dense(inputs: Any, kernel: Any) -> tuple[Any, Callable[..., Any]]:
    """A 3x3 convolution, padded to keep its size, as a product for each pixel that it makes.

    For sides of at most two pixels: each pixel made meets all those of the map.
    """
    _, height, width, maps_in = inputs.shape
    pixels, maps_out = height * width, kernel.shape[-1]
    met = [
        tf.reshape(kernel[1 - i : 1 - i + height, 1 - j : 1 - j + width], [-1, maps_out])
        for i in range(height)
        for j in range(width)
    ]
    weights = tf.stack(met)  # pixels made x (pixels met x maps in) x maps out
    outputs = tf.matmul(tf.reshape(inputs, [1, -1, pixels * maps_in]), weights)
    outputs = tf.transpose(outputs, [1, 0, 2])

    def gradients(upstream: Any) -> tuple[Any, Any]:
        made = tf.transpose(tf.reshape(upstream, [-1, pixels, maps_out]), [1, 0, 2])
        of_inputs = tf.reduce_sum(tf.matmul(made, weights, transpose_b=True), axis=0)
        of_kernel = _of_kernel(inputs, upstream, kernel.shape)
        return tf.reshape(of_inputs, tf.shape(inputs)), of_kernel

    return tf.reshape(outputs, [-1, height, width, maps_out]), gradients


def _convolved(inputs: Any, kernel: Any, padding: str) -> Any:
    @tf.custom_gradient
    def convolved(inputs: Any, kernel: Any) -> tuple[Any, Callable[..., Any]]:
        outputs = tf.nn.conv2d(inputs, kernel, 1, padding)

        def gradients(upstream: Any) -> tuple[Any, Any]:
            of_inputs = tf.raw_ops.Conv2DBackpropInput(
                input_sizes=tf.shape(inputs),
                filter=kernel,
                out_backprop=upstream,
                strides=[1, 1, 1, 1],
                padding=padding,
            )
            return of_inputs, _of_kernel(inputs, upstream, kernel.shape)

        return outputs, gradients

    return convolved(inputs, kernel)


def _of_kernel(inputs: Any, upstream: Any, shape: Any) -> Any:
    """The gradient of a 3x3 kernel: for each tap the product of what it meets and what it makes."""
    maps_in, maps_out = shape[-2:]
    rows, columns = zip(inputs.shape[1:3], upstream.shape[1:3], strict=True)
    products = []
    for i in range(3):
        met_rows, made_rows = _overlap(i, *rows)
        for j in range(3):
            met_columns, made_columns = _overlap(j, *columns)
            met = tf.reshape(inputs[:, met_rows, met_columns], [-1, maps_in])
            made = tf.reshape(upstream[:, made_rows, made_columns], [-1, maps_out])
            products.append(tf.matmul(met, made, transpose_a=True))
    return tf.reshape(tf.stack(products), shape)


def _overlap(tap: int, met: int, made: int) -> tuple[slice, slice]:
    """Of a side of `met` pixels those that the tap meets, of one of `made` those it makes of them.

    A padded convolution makes as many as it meets, one that is not padded two fewer.
    """
    offset = tap - (made - met + 2) // 2
    first, end = max(0, -offset), min(made, met - offset)
    return slice(first + offset, end + offset), slice(first, end)


FORMS = {
    keras.layers.BatchNormalization: batch_normalization,
    keras.layers.Conv2D: convolution,
    keras.layers.Dense: dense,
    keras.layers.DepthwiseConv2D: biased,
    keras.layers.SeparableConv2D: biased,
}
# What makes of a layer with ReLU the same without.
WITHOUT_RELU = {
    keras.layers.Conv2D: ("activation", keras.activations.linear),
    keras.layers.ReLU: ("call", lambda inputs: inputs),
}
