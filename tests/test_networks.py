import keras
import numpy as np
import pytest

from imagestudy.networks.alexnet import alexnet, local_response_normalization
from imagestudy.networks.description import describe
from imagestudy.networks.keras_cnn import keras_cnn
from imagestudy.networks.residual_cnn import residual_cnn
from imagestudy.networks.vgg16 import convolutional_base, freeze_blocks, vgg16

STATISTICS = {"mean": [0.5, 0.4, 0.3], "std": [0.25, 0.25, 0.25]}
SHAPE = {"image_shape": (32, 32, 3), "classes": 10, "statistics": STATISTICS}


SMALL_CNN = {
    "maps": [4, 8],
    "convolutions_per_stage": 1,
    "units": 8,
    "dropout": 0.1,
    "batch_normalization": True,
}


def test_vgg16_has_the_published_number_of_parameters():
    base = convolutional_base((32, 32, 3), STATISTICS, 1.0, False, "scratch")
    assert base.count_params() == 14_714_688
    described = describe(vgg16((224, 224, 3), 1000, STATISTICS, 1.0, 0.5, False))
    # Simonyan and Zisserman, table 2: 138 million; Keras's own VGG16: 138,357,544
    assert described["parameters"] == 138_357_544
    assert described["weight_layers"] == 16


def test_vgg16_layers_are_named_as_in_keras():
    ours = [
        layer.name
        for layer in vgg16(**SHAPE, width=0.1, dropout=0.5, batch_normalization=False).layers
    ]
    theirs = keras.applications.VGG16(weights=None, include_top=False).layers
    assert {layer.name for layer in theirs if layer.weights} <= set(ours)


def test_the_residual_network_has_the_size_it_says():
    shape = SHAPE | {"classes": 200}
    network = residual_cnn(**shape, maps=[32, 128, 256, 512], dropout=0.2)
    described = describe(network)
    assert described["parameters"] == 4_718_760
    assert described["flops"] == pytest.approx(604e6, rel=0.02)


@pytest.mark.parametrize("upscale", [1, 3])
def test_pictures_may_be_enlarged_before_the_base(upscale):
    base = convolutional_base((32, 32, 3), STATISTICS, 0.05, False, "scratch", upscale)
    assert base.output.shape[1:3] == (upscale, upscale)


def test_alexnet_has_eight_trainable_layers_three_poolings_one_dropout():
    network = alexnet(**SHAPE, width=0.1, dropout=0.5, batch_normalization=False)
    types = [row["type"] for row in describe(network)["table"]]
    assert types.count("Conv2D") == 5
    assert types.count("Dense") == 3
    assert types.count("MaxPooling2D") == 3
    assert types.count("Dropout") == 1


def test_local_response_normalization_is_the_papers_formula():
    x = np.random.default_rng(1).normal(0, 30, (2, 3, 3, 8)).astype("float32")
    expected = np.empty_like(x)
    for i in range(8):
        near = x[..., max(0, i - 2) : min(7, i + 2) + 1]
        expected[..., i] = x[..., i] / (2 + 1e-4 * (near**2).sum(-1)) ** 0.75
    found = keras.ops.convert_to_numpy(local_response_normalization(keras.ops.array(x)))
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_flops_count_two_per_multiply_add():
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, padding="same")(inputs)
    outputs = keras.layers.Dense(5)(keras.layers.Flatten()(x))
    flops = describe(keras.Model(inputs, outputs))["flops"]
    assert flops == 2 * (8 * 8 * 3 * 3 * 3 * 4 + 8 * 8 * 4 * 5)


@pytest.mark.parametrize(("count", "trainable"), [(0, 26), (3, 12), (5, 0)])
def test_blocks_are_frozen_from_the_first(count, trainable):
    base = convolutional_base((32, 32, 3), STATISTICS, 0.1, False, "scratch")
    freeze_blocks(base, count)
    assert len(base.trainable_weights) == trainable


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_every_network_takes_raw_pictures_and_gives_probabilities(precision):
    pictures = np.random.default_rng(1).integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)
    keras.config.set_dtype_policy(precision)
    try:
        networks = [
            alexnet(**SHAPE, width=0.05, dropout=0.5, batch_normalization=True),
            vgg16(**SHAPE, width=0.05, dropout=0.5, batch_normalization=True),
            *(keras_cnn(**SHAPE, **SMALL_CNN, **more) for more in ({}, {"average": True})),
            residual_cnn(**SHAPE, maps=[4, 8], dropout=0.1),
        ]
    finally:
        keras.config.set_dtype_policy("float32")
    for network in networks:
        given = keras.ops.convert_to_numpy(network(pictures))
        assert given.dtype == np.float32
        np.testing.assert_allclose(given.sum(axis=1), 1, rtol=1e-3)
