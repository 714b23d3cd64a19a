"""The declared space, its networks, and AutoKeras's own space beside it."""

import os
import subprocess
import sys

import autokeras
import keras
import numpy as np
import pytest

from imagestudy.errors import StudyError
from imagestudy.failures import OversizedError, of_exception
from imagestudy.provenance import peak_memory_mb
from imagestudy.search.declaration import OPTIMIZERS, STOCK, describe, hyperparameters
from imagestudy.search.proposers import propose
from imagestudy.search.space import (
    build_network,
    declared,
    default_hyperparameters,
    explore,
    graph,
    grow,
    training_settings,
)

SHAPE = (16, 16, 3)
TINY = {
    "blocks": ["conv"],
    "normalize": [True],
    "augment": [True],
    "augmentation": {"vertical_flip": [False], "translation_factor": [0.1]},
    "conv": {"filters": [4], "num_blocks": [2], "num_layers": [1]},
    "optimizers": ["adamw"],
    "learning_rates": [0.01],
}
STATISTICS = {"mean": [0.5, 0.4, 0.3], "std": [0.25, 0.25, 0.2]}


def test_default_of_a_space_with_one_value_each_has_nothing_left_to_choose():
    values = default_hyperparameters(TINY, SHAPE, 3)
    assert values["optimizer"] == "adam_weight_decay"
    assert values["learning_rate"] == 0.01
    assert values["image_block_1/conv_block_1/filters_1_0"] == 4
    assert "image_block_1/conv_block_1/filters_0_1" not in values


def test_blocks_may_have_filters_of_their_own():
    space = TINY | {"conv": {"filters": [[4], [8, 32]], "num_blocks": [2], "num_layers": [1]}}
    values = default_hyperparameters(space, SHAPE, 3)
    assert [values[f"image_block_1/conv_block_1/filters_{block}_0"] for block in (0, 1)] == [4, 32]
    network = build_network(space, {}, SHAPE, 3)
    made = [each.filters for each in network.layers if isinstance(each, keras.layers.Conv2D)]
    assert made == [4, 32]
    with pytest.raises(StudyError, match="filters_0_0 is 8"):
        build_network(space, {"image_block_1/conv_block_1/filters_0_0": 8}, SHAPE, 3)
    rows = {row["name"]: row for row in describe(space)}
    assert rows["conv.filters, block 1"]["values"] == [4]
    assert rows["conv.filters, block 2"]["values"] == [8, 32]


@pytest.mark.parametrize("classes", [2, 5])
def test_network_gives_probabilities_of_raw_pixels(classes):
    network = build_network(TINY, {}, SHAPE, classes, STATISTICS)
    pixels = np.random.default_rng(0).integers(0, 256, (4, *SHAPE), dtype=np.uint8)
    given = np.asarray(network(pixels, training=False))
    assert given.shape == (4, classes)
    np.testing.assert_allclose(given.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(
        given, np.asarray(network(pixels.astype("float32"), training=False))
    )
    assert not network.compiled


def test_normalization_has_the_statistics_of_the_data():
    network = build_network(TINY, {}, SHAPE, 3, STATISTICS)
    (layer,) = [each for each in network.layers if isinstance(each, keras.layers.Normalization)]
    pixels = np.full((1, *SHAPE), 255 * 0.5, "float32")
    expected = (0.5 - np.array(STATISTICS["mean"])) / np.array(STATISTICS["std"])
    np.testing.assert_allclose(np.asarray(layer(pixels))[0, 0, 0], expected, atol=1e-5)


def test_network_loads_where_autokeras_is_not_imported(tmp_path):
    network = build_network(TINY, {}, SHAPE, 3, STATISTICS)
    pixels = np.random.default_rng(0).integers(0, 256, (4, *SHAPE), dtype=np.uint8)
    np.save(tmp_path / "pixels.npy", pixels)
    np.save(tmp_path / "given.npy", np.asarray(network(pixels, training=False)))
    network.save(tmp_path / "model.keras")
    program = (
        "import sys, keras, numpy as np\n"
        "network = keras.models.load_model('model.keras')\n"
        "given = np.asarray(network(np.load('pixels.npy'), training=False))\n"
        "np.testing.assert_allclose(given, np.load('given.npy'), atol=1e-6)\n"
        "assert 'autokeras' not in sys.modules\n"
    )
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=environment, check=True)


def test_building_keeps_precision_and_the_networks_depend_on_the_seed_alone():
    weights = []
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        for _ in range(2):
            keras.utils.set_random_seed(3)
            network = build_network(TINY, {}, SHAPE, 3, STATISTICS)
            weights.append(network.get_weights())
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
    finally:
        keras.config.set_dtype_policy("float32")
    for first, second in zip(*weights, strict=True):
        np.testing.assert_array_equal(first, second)


def test_probabilities_are_float32_in_mixed_precision():
    """In bfloat16 a network that learnt nothing gives equal probabilities to many classes."""
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        network = build_network(TINY, {}, SHAPE, 3, STATISTICS)
    finally:
        keras.config.set_dtype_policy("float32")
    assert [layer.compute_dtype for layer in network.layers[-2:]] == ["float32", "float32"]
    assert network.outputs[0].dtype == "float32"


def test_layers_made_after_a_network_do_not_share_a_name_with_it():
    network = build_network(TINY, {}, SHAPE, 3)
    added = keras.layers.Conv2D(2, 1)
    assert added.name not in {layer.name for layer in network.layers}


def test_values_outside_the_space_are_refused():
    with pytest.raises(StudyError, match="pretrained is True"):
        build_network(
            {"blocks": ["resnet"]}, {"image_block_1/res_net_block_1/pretrained": True}, SHAPE, 3
        )
    with pytest.raises(StudyError, match="filters_0_0 is 64"):
        build_network(TINY, {"image_block_1/conv_block_1/filters_0_0": 64}, SHAPE, 3)


def test_the_table_of_stock_hyperparameters_is_autokeras_own():
    space = {"upsample": [True, False]}
    table = {row.name: row for row in hyperparameters(space)}
    found = {}
    for block in ("vanilla", "resnet", "xception", "efficient"):
        keras.backend.clear_session()
        network = graph({}, SHAPE, 3)
        container = declared({})
        container.values = {
            "image_block_1/block_type": block,
            "image_block_1/normalize": True,
            "image_block_1/augment": True,
            "image_block_1/conv_block_1/num_blocks": 3,
        }
        for name in ("resnet", "xception", "efficient"):
            for key in ("imagenet_size", "pretrained"):
                container.values[STOCK[f"{name}.{key}"].name] = False
        assert isinstance(network.blocks[0], autokeras.ImageBlock)
        grow(network, container)
        found |= {parameter.name: parameter for parameter in container.space}
    assert set(found) == set(table)
    for name, parameter in found.items():
        if name.endswith(("imagenet_size", "pretrained")):
            continue
        assert tuple(parameter.values) == table[name].values, name
        assert parameter.default == table[name].default, name


def test_description_has_a_row_for_each_declared_or_stock_hyperparameter():
    rows = {row["name"]: row for row in describe(TINY)}
    assert rows["conv.filters"]["values"] == [4]
    assert rows["conv.filters"]["kind"] == "fixed"
    assert rows["conv.separable"] == {
        "name": "conv.separable",
        "kind": "yes or no",
        "values": [True, False],
        "default": False,
        "declared": False,
    }
    assert rows["optimizers"]["values"] == ["adamw"]
    assert "resnet.version" not in rows


def test_nothing_before_the_first_trainable_layer_has_weights():
    network = build_network(TINY, {}, SHAPE, 3, STATISTICS)
    names = [type(layer).__name__ for layer in network.layers]
    assert names[1:5] == ["Normalization", "RandomTranslation", "RandomFlip", "Conv2D"]
    assert not any(layer.weights for layer in network.layers[:4])


def test_the_optimizers_of_a_space_are_different_ones():
    found = [
        training_settings({"optimizer": name, "learning_rate": 0.001})
        for name in ("adam", "sgd", "adam_weight_decay")
    ]
    assert [each["optimizer"] for each in found] == ["adam", "sgd", "adamw"]
    assert found[0]["weight_decay"] == 0 != found[2]["weight_decay"]


def test_a_network_that_cannot_be_built_ends_no_proposal(capsys):
    space = {"blocks": ["resnet"], "augment": [False], "normalize": [False]}
    container = declared(space)
    container.values["image_block_1/res_net_block_1/version"] = "resnet9"
    explore(space, SHAPE, 3, container)
    assert "this network cannot be built" in capsys.readouterr().out


def test_a_network_that_would_fill_the_memory_is_not_built(capsys):
    """AutoKeras's default head on 512 maps of a photograph has 400 million weights."""
    space = {
        "blocks": ["conv"],
        "augment": [False],
        "normalize": [False],
        "conv": {"num_blocks": [1], "num_layers": [1], "filters": [512]},
    }
    before = peak_memory_mb()
    container = declared(space)
    explore(space, (128, 128, 3), 200, container)
    assert "cannot be built: more than 250000000 parameters" in capsys.readouterr().out
    with pytest.raises(OversizedError) as raised:
        build_network(space, container.values, (128, 128, 3), 200)
    assert of_exception(raised.value, False).startswith("oversized: more than 250000000 parameters")
    assert peak_memory_mb() - before < 500
    assert build_network(space, container.values, SHAPE, 3).count_params() > 0


@pytest.mark.parametrize("proposer", ["default", "autokeras", "random"])
def test_a_space_of_which_nothing_can_be_built_is_put_forward(proposer):
    search = {
        "search": "one",
        "proposer": proposer,
        "oracle": "greedy" if proposer == "autokeras" else None,
        "seed": 1,
        "rounds": 1,
        "trials_per_round": 1,
        "device_seconds": None,
        "image_shape": SHAPE,
        "classes": 3,
        # A pooling of no pixels.
        "space": {"blocks": ["conv"], "conv": {"kernel_size": [1], "max_pooling": [True]}},
    }
    (trial,) = propose(search, 1, [])["trials"]
    assert trial["status"] == "proposed"
    assert trial["training"]["optimizer"] in OPTIMIZERS.values()
    assert trial["training"]["learning_rate"] in STOCK["learning_rates"].values
    with pytest.raises(ValueError):
        build_network(**trial["network"], image_shape=SHAPE, classes=3)
