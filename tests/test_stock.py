"""AutoKeras as it comes: real searches on a handful of pictures."""

import json
import subprocess
import sys
import time

import keras
import keras_tuner
import numpy as np
import pandas as pd
import psutil
import pytest
from autokeras.keras_layers import CastToFloat32
from conftest import ROOT, prepared

from imagestudy.data import Split
from imagestudy.networks.description import describe
from imagestudy.recording import HISTORY
from imagestudy.runs import Run
from imagestudy.search import stock
from imagestudy.search.plain import plain
from imagestudy.settings import Study

DATA = {
    "scale": "demo",
    "datasets": {
        "tiny_imagenet": {
            "selection_fraction": 0.3,
            "generate": {"classes": 3, "train": 200, "test": 4, "unlabelled": 1, "seed": 1},
        }
    },
}
SECONDS = 20
CODE = {"digest": "", "modules": {}}
FILES = {"result": "result.json", "history": "history.csv", "predictions": "predictions.npz",
         "network": "model.keras"}  # fmt: skip
LOADED = """
import keras, numpy, sys
network = keras.saving.load_model(sys.argv[1])
assert "autokeras" not in sys.modules
numpy.save(sys.argv[3], network.predict(numpy.load(sys.argv[2]), verbose=0))
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return prepared(tmp_path_factory.mktemp("data"), DATA)


@pytest.fixture(scope="module")
def experiment(data):
    """Run the experiment into a folder; this process, which tests, may go on for some seconds."""

    def run(folder, seconds):
        lasted = time.time() - psutil.Process().create_time()
        budget = {"autokeras_stock": {"device_seconds": lasted + seconds}}
        study = Study.load(ROOT, DATA | {"experiments": budget})
        outputs = {name: str(folder / file) for name, file in FILES.items()}
        settings = study.run_settings("autokeras_stock", 0)
        one = Run(settings, CODE, str(folder / "scratch"), 1, 0, {"data": str(data)}, outputs)

        def train(run):
            found = stock.search(
                run.split("train"), run.split("selection"), run.seed, run.seconds_left, run.scratch
            )
            run.record(found.network, found.training, found.search)

        one.perform(train)
        return json.loads((folder / "result.json").read_text())

    return run


@pytest.fixture(scope="module")
def ended(experiment, tmp_path_factory):
    """The folder and the result of a search that the budget ended in its first trial."""
    folder = tmp_path_factory.mktemp("run")
    return folder, experiment(folder, SECONDS)


def test_the_budget_ends_the_search(ended):
    _, result = ended
    trials = result["own_search"]["trials"]
    # A fast machine comes to a second trial, which is too large to end an epoch in the time.
    assert trials[-1]["status"] == "stopped" or "time was up" in trials[-1]["error"]
    assert len(trials) < 3
    # Above it are a step, and the best network built and loaded: on a busy machine a minute.
    over = result["own_search"]["device_seconds"] - result["settings"]["device_seconds"]
    assert 0 <= over < 120


def test_the_result_fulfils_the_contract(ended):
    folder, result = ended
    assert result["status"] in ("completed", "at_chance")
    assert [result["metrics"][split]["pictures"] for split in ("selection", "test")] == [180, 12]
    history = pd.read_csv(folder / "history.csv")
    assert list(history.columns) == HISTORY
    assert len(history) == result["epochs"] == result["own_search"]["trials"][0]["epochs"]
    counted = history[history["selection_loss"].notna()]
    assert counted["selection_loss"].idxmin() + 1 == result["best_epoch"]
    assert result["device_seconds"] >= result["own_search"]["device_seconds"]
    assert not (folder / "scratch").exists()


def test_it_is_autokeras_with_its_own_first_trial_and_no_final_fit(ended):
    _, result = ended
    first = result["own_search"]["trials"][0]
    assert first["hyperparameters"]["image_block_1/block_type"] == "vanilla"
    assert first["selection_top1"] == pytest.approx(result["metrics"]["selection"]["top1"])
    assert first["selection_loss"] == pytest.approx(result["metrics"]["selection"]["loss"], 1e-3)
    assert result["own_search"]["final_fit"] is False
    assert result["start"]["provenance"] == "scratch"
    assert result["precision"] == "float32"


def test_the_saved_network_predicts_the_same_in_a_clean_process(ended, data, tmp_path):
    folder, _ = ended
    images, found = data.parent / "test_images.npy", tmp_path / "found.npy"
    command = [sys.executable, "-c", LOADED, folder / "model.keras", images, found]
    subprocess.run(command, check=True)
    with np.load(folder / "predictions.npz") as arrays:
        np.testing.assert_allclose(np.load(found), np.exp(arrays["log_probabilities"]), atol=2e-3)
        assert arrays["unlabelled"].shape == (3,)


def test_without_a_score_there_is_no_network(experiment, tmp_path):
    result = experiment(tmp_path, 0.1)
    assert result["status"] == "failed"
    assert "no trial of its search had a score within" in result["error"]
    trials = result["own_search"]["trials"]
    assert [trial["error"] for trial in trials] == ["the time was up before an epoch ended"]


def test_failing_trials_do_not_end_the_search(tmp_path):
    chosen = stock.classifier(0, 120, str(tmp_path))
    oracle = chosen.tuner.oracle
    # AutoKeras's own first trial, but for a layer that Keras refuses
    first = oracle.initial_hps[0]
    broken = first | {"image_block_1/conv_block_1/filters_0_0": -1}
    oracle.initial_hps = [broken, broken, broken, broken, first]
    oracle._tried_initial_hps = [False] * len(oracle.initial_hps)
    oracle.max_trials = len(oracle.initial_hps)
    labels = np.arange(12, dtype=np.int32) % 3
    images = np.repeat(80 * labels, 8 * 8 * 3).reshape(12, 8, 8, 3).astype(np.uint8)
    # wrong labels to validate on, so that AutoKeras soon gives the trial up
    found = stock.fit(chosen, Split(images, labels), Split(images, labels[::-1].copy()))
    statuses = [trial["status"] for trial in found.search["trials"]]
    assert statuses == ["failed", "failed", "failed", "failed", "completed"]
    assert "ValueError" in found.search["trials"][0]["error"]
    assert found.search["best_trial"] == 5
    assert found.network is not None


def test_zero_is_a_seed(tmp_path):
    drawn = []
    for folder in ("one", "two"):
        chosen = stock.classifier(0, 60, str(tmp_path / folder))
        drawn.append((chosen.tuner.oracle.seed, np.random.random()))
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize("classes", [2, 3])
def test_a_network_of_keras_within_is_made_plain(classes):
    generator = np.random.default_rng(1)
    images = generator.integers(0, 256, (5, 12, 12, 3)).astype(np.uint8)
    # As AutoKeras builds it with ImageNet's weights: for pictures of any size, and frozen.
    inner = keras.Input((None, None, 3))
    statistics = keras.layers.Normalization()
    x = keras.layers.Conv2D(4, 3)(statistics(inner))
    within = keras.Model(inner, keras.layers.BatchNormalization()(x))
    within.set_weights([generator.uniform(0.5, 1.5, w.shape) for w in within.get_weights()])
    statistics.finalize_state()
    within.trainable = False
    small = keras.initializers.RandomNormal(stddev=0.003, seed=1)
    # And of two classes it gives the probability of the second.
    head = keras.layers.Softmax() if classes > 2 else keras.layers.Activation("sigmoid")
    inputs = keras.Input((12, 12, 3), dtype="uint8")
    normalization = keras.layers.Normalization()
    normalization.adapt(images.astype(np.float32))
    x = within(keras.layers.RandomFlip()(normalization(CastToFloat32()(inputs))))
    dense = keras.layers.Dense(np.int64(classes if classes > 2 else 1), kernel_initializer=small)
    x = dense(keras.layers.Flatten()(x))
    network = keras.Model([inputs], [head(x)])
    ours = plain(network)
    theirs, given = network.predict(images, verbose=0), ours.predict(images, verbose=0)
    assert given.shape == (5, classes)
    assert len(np.unique(given[:, -1])) == 5
    np.testing.assert_allclose(given[:, -1], theirs[:, -1], atol=1e-5)
    np.testing.assert_allclose(given.sum(axis=1), 1, rtol=1e-5)
    described = describe(ours)
    assert json.dumps(described)
    assert {row["type"] for row in described["table"] if row["trainable"]} == {"Dense"}


def test_imagenets_weights_are_seen_in_the_trial_that_used_them():
    for block, used in (("efficient", True), ("vanilla", False)):
        parameters = keras_tuner.HyperParameters()
        parameters.Choice("block_type", ["vanilla", "efficient"])
        with parameters.conditional_scope("block_type", ["efficient"]):
            parameters.Boolean("efficient_net_block_1/pretrained")
        parameters.values = {"block_type": block, "efficient_net_block_1/pretrained": True}
        assert stock.pretrained(parameters) is used


def test_a_search_that_begins_again_has_its_whole_budget(data, tmp_path):
    """What a killed one spent is counted, and its work is lost."""
    study = Study.load(ROOT, DATA | {"experiments": {"autokeras_stock": {"device_seconds": 1e6}}})
    settings = study.run_settings("autokeras_stock", 0)
    outputs = {name: str(tmp_path / file) for name, file in FILES.items()}
    one = Run(settings, CODE, str(tmp_path / "scratch"), 1, 0, {"data": str(data)}, outputs)
    one._record.earlier = 9e5
    assert one.seconds_left > 5e5
