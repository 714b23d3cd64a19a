"""The faster forms of layers against the plain ones."""

import keras
import numpy as np
import pytest

tf = pytest.importorskip("tensorflow")

from imagestudy import fast  # noqa: E402 - needs TensorFlow

TOLERANCE = {"float32": 1e-4, "mixed_bfloat16": 3e-2}


def outcomes(network, inputs, upstream):
    """Outputs, gradients and what the layer remembers, of one training step and of inference."""

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = network(inputs, training=True)
        wanted = [inputs, *(variable.value for variable in network.trainable_variables)]
        return outputs, tape.gradient(outputs, wanted, output_gradients=upstream)

    before = network.get_weights()
    outputs, gradients = step()
    found = [outputs, *gradients, *network.get_weights(), network(inputs, training=False)]
    network.set_weights(before)
    return [np.asarray(tf.cast(each, tf.float32)) for each in found]


def compare(layer, shape, precision):
    keras.config.set_dtype_policy(precision)
    try:
        keras.utils.set_random_seed(1)
        picture = keras.Input(shape[1:])
        network = keras.Model(picture, layer()(picture))
    finally:
        keras.config.set_dtype_policy("float32")
    generator = np.random.default_rng(1)
    inputs = tf.constant(generator.normal(1, 2, shape), network.output.dtype)
    upstream = tf.constant(generator.normal(0, 1, (shape[0], *network.output.shape[1:])))
    upstream = tf.cast(upstream, network.output.dtype)
    plain = outcomes(network, inputs, upstream)
    with fast.layers(network):
        assert "call" in vars(network.layers[1])
        faster = outcomes(network, inputs, upstream)
    assert "call" not in vars(network.layers[1])
    for found, expected in zip(faster, plain, strict=True):
        scale = abs(expected).max() or 1.0
        np.testing.assert_allclose(found / scale, expected / scale, atol=TOLERANCE[precision])


@pytest.mark.parametrize("precision", sorted(TOLERANCE))
@pytest.mark.parametrize("options", [{}, {"scale": False}, {"center": False, "momentum": 0.5}])
def test_batch_normalization(precision, options):
    compare(lambda: keras.layers.BatchNormalization(**options), (16, 5, 6, 4), precision)


@pytest.mark.parametrize("precision", sorted(TOLERANCE))
@pytest.mark.parametrize(
    ("options", "side"),
    [
        ({"activation": "relu"}, 4),
        ({"use_bias": False}, 2),
        ({}, 1),
        ({}, 7),
        ({"strides": 2}, 4),
        ({"padding": "valid"}, 4),
        ({"padding": "valid"}, 3),
        ({"padding": "valid", "activation": "relu"}, 8),
        ({}, 8),
        ({}, 9),
        ({"dilation_rate": 2}, 4),
        ({"groups": 2}, 4),
    ],
)
def test_convolution(precision, options, side):
    def layer():
        return keras.layers.Conv2D(8, 3, **{"padding": "same"} | options)

    compare(layer, (16, side, side, 4), precision)


@pytest.mark.parametrize("precision", sorted(TOLERANCE))
@pytest.mark.parametrize("options", [{"activation": "relu"}, {"use_bias": False}])
@pytest.mark.parametrize("shape", [(16, 5), (16, 3, 5)])
def test_dense(precision, options, shape):
    compare(lambda: keras.layers.Dense(8, **options), shape, precision)


def test_the_gradient_of_weights_stays_in_the_type_of_the_computations():
    layer = keras.layers.Dense(8, dtype="mixed_bfloat16")
    network = keras.Sequential([keras.Input((5,)), layer])
    with fast.layers(network), tf.GradientTape() as tape:
        outputs = network(tf.ones((2, 5)))
    assert tape.gradient(outputs, layer.kernel.value).dtype == tf.bfloat16


@pytest.mark.parametrize("precision", sorted(TOLERANCE))
@pytest.mark.parametrize("kind", [keras.layers.SeparableConv2D, keras.layers.DepthwiseConv2D])
def test_other_convolutions(precision, kind):
    sizes = (8, 3) if kind is keras.layers.SeparableConv2D else (3,)
    compare(lambda: kind(*sizes, strides=2, activation="relu"), (16, 8, 8, 4), precision)
    compare(lambda: kind(*sizes, use_bias=False), (16, 8, 8, 4), precision)


@pytest.mark.parametrize(
    "layer",
    [
        keras.layers.Conv2D(4, 1, dtype="mixed_bfloat16"),
        keras.layers.Conv2D(4, 1, groups=2, dtype="mixed_bfloat16"),
        keras.layers.SeparableConv2D(4, 1, dtype="mixed_bfloat16"),
        keras.layers.DepthwiseConv2D(1, dtype="mixed_bfloat16"),
    ],
)
def test_the_gradient_of_a_bias_is_right_in_bfloat16(layer):
    network = keras.Sequential([keras.Input((16, 16, 4)), layer])
    upstream = tf.cast(np.random.default_rng(1).normal(0.1, 1, (128, 16, 16, 4)), tf.bfloat16)
    with fast.layers(network), tf.GradientTape() as tape:
        outputs = network(tf.ones((128, 16, 16, 4)))
    found = tape.gradient(outputs, layer.bias.value, output_gradients=upstream)
    expected = tf.cast(upstream, tf.float64).numpy().sum(axis=(0, 1, 2))
    np.testing.assert_allclose(tf.cast(found, tf.float64), expected, rtol=1e-2)


def test_frozen_batch_normalization_stays_as_it_is():
    def layer():
        return keras.layers.BatchNormalization(trainable=False)

    compare(layer, (8, 4, 4, 3), "float32")


def test_what_is_saved_is_plain_keras(tmp_path):
    inner = keras.Sequential(
        [keras.Input((4, 4, 3)), keras.layers.Conv2D(2, 3), keras.layers.BatchNormalization()]
    )
    picture = keras.Input((4, 4, 3))
    network = keras.Model(picture, inner(picture))
    images = np.ones((2, 4, 4, 3), np.float32)
    with fast.layers(network):
        expected = np.asarray(network(images))
        network.save(tmp_path / "inside.keras")
    loaded = keras.models.load_model(tmp_path / "inside.keras")
    np.testing.assert_allclose(np.asarray(loaded(images)), expected, rtol=1e-5)


def test_the_plain_call_is_back_after_an_error():
    picture = keras.Input((4, 4, 3))
    network = keras.Model(picture, keras.layers.BatchNormalization()(picture))
    with pytest.raises(KeyError), fast.layers(network):
        raise KeyError
    assert "call" not in vars(network.layers[1])


@pytest.mark.parametrize("precision", sorted(TOLERANCE))
def test_a_relu_before_a_pooling_comes_behind_it_to_the_same_bits(precision, monkeypatch):
    keras.config.set_dtype_policy(precision)
    try:
        keras.utils.set_random_seed(1)
        inputs = keras.Input((8, 8, 3))
        x = keras.layers.Conv2D(4, 3, padding="same", activation="relu")(inputs)
        x = keras.layers.MaxPooling2D(2)(x)
        x = keras.layers.ReLU()(keras.layers.BatchNormalization()(x))
        network = keras.Model(inputs, keras.layers.MaxPooling2D(2)(x))
    finally:
        keras.config.set_dtype_policy("float32")
    generator = np.random.default_rng(1)
    pictures = tf.constant(generator.normal(0, 1, (16, 8, 8, 3)), tf.float32)
    upstream = tf.cast(generator.normal(0, 1, (16, 2, 2, 4)), network.output.dtype)
    with fast.layers(network):
        assert network.layers[1].activation is keras.activations.linear
        moved = outcomes(network, pictures, upstream)
    assert network.layers[1].activation is keras.activations.relu
    assert not any("call" in vars(layer) for layer in network.layers)
    monkeypatch.setattr(fast, "_relus_before_pooling", lambda network: [])
    with fast.layers(network):
        before = outcomes(network, pictures, upstream)
    for found, expected in zip(moved, before, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_a_relu_that_others_take_too_stays_where_it_is():
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.ReLU()(keras.layers.Conv2D(3, 3, padding="same")(inputs))
    shortcut = keras.layers.MaxPooling2D(1)(x)
    network = keras.Model(inputs, keras.layers.Add()([shortcut, x]))
    assert list(fast._relus_before_pooling(network)) == []
    ends = keras.Model(inputs, [x, keras.layers.MaxPooling2D(2)(x)])
    assert list(fast._relus_before_pooling(ends)) == []
