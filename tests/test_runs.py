import contextlib
import errno
import importlib.util
import json
import os

import keras
import numpy as np
import pytest
from conftest import FILES, ROOT, prepared

from imagestudy import provenance
from imagestudy.errors import StudyError
from imagestudy.gpus import VISIBLE
from imagestudy.networks.keras_cnn import keras_cnn
from imagestudy.recording import Record
from imagestudy.results import write_json
from imagestudy.runs import Run
from imagestudy.settings import Study

OVERRIDES = {
    "scale": "demo",
    "datasets": {
        "tiny_imagenet": {
            "selection_fraction": 0.2,
            "generate": {"classes": 3, "train": 10, "test": 5, "unlabelled": 1, "seed": 1},
        }
    },
    "experiments": {"keras_cnn": {"training": {"epochs": 1}}},
    "searches": {"hand": {"training": {"epochs": 1, "max_parameters": 100000, "memory_mb": None}}},
}
SIZES = {"maps": [4], "convolutions_per_stage": 1, "units": 8}
BURST = {"learning_rate": 1e30, "warmup": 0.0}
CODE = {"digest": "", "modules": {}}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return str(prepared(tmp_path_factory.mktemp("data"), OVERRIDES))


@pytest.fixture
def trial(data, tmp_path):
    """Make a trial of the search by hand whose proposal says this."""

    def make(**proposal):
        first = {"trial": 1, "status": "proposed", "reason": None, "network": {}, "training": {}}
        write_json(tmp_path / "proposals.json", {"schema": 1, "trials": [first | proposal]})
        return Run(
            Study.load(ROOT, OVERRIDES).trial_settings("hand", 1, 1, 1),
            CODE,
            str(tmp_path / "checkpoints"),
            1,
            0,
            {"data": data, "proposals": str(tmp_path / "proposals.json")},
            {"result": str(tmp_path / "result.json")},
        )

    return make


@pytest.fixture
def run(data, tmp_path):
    """Make a run of the experiment by hand whose search ended so."""

    def make(gpus=0, **best):
        found = {"schema": 1, "trial": 1, "network": SIZES, "training": {}, "status": "completed"}
        write_json(tmp_path / "best.json", found | best)
        return Run(
            Study.load(ROOT, OVERRIDES).run_settings("keras_cnn", 1),
            CODE,
            str(tmp_path / "checkpoints"),
            1,
            gpus,
            {"data": data, "best": str(tmp_path / "best.json")},
            {key: str(tmp_path / name) for key, name in FILES.items()},
        )

    return make


def train_keras_cnn(run):
    run.train(keras_cnn(**run.shape, **run.network))


def result(folder):
    return json.loads((folder / "result.json").read_text())


@pytest.mark.parametrize(
    ("seen", "gpus", "expected"),
    [("cpu:0", 0, 4), ("gpu:0", 0, 1), ("gpu:0", 1, 1), ("gpu:0", 2, 2)],
)
def test_a_second_costs_what_the_job_was_given(seen, gpus, expected, monkeypatch):
    monkeypatch.setattr("keras.distribution.list_devices", lambda: [seen])
    record = Record({}, {}, {}, CODE, None, 4, gpus, "float32", False, 2)
    assert record.devices == expected


def test_a_trial_is_scored_on_the_selection_split_alone(trial, tmp_path):
    trial(network=SIZES, training={"optimizer": "adam"}).perform(train_keras_cnn)
    found = result(tmp_path)
    assert found["kind"] == "trial"
    assert found["metrics"].keys() == {"selection", "running_train_top1"}
    assert found["score"] == found["metrics"]["selection"]["top1"]
    assert found["choice"]["training"] == {"optimizer": "adam"}


def test_a_skipped_trial_costs_nothing(trial, tmp_path):
    # As where it was killed when there was still a budget.
    (tmp_path / "checkpoints" / "left.features").mkdir(parents=True)
    trial(status="skipped", reason="budget").perform(train_keras_cnn)
    assert not (tmp_path / "checkpoints").exists()
    found = result(tmp_path)
    assert (found["status"], found["error"], found["score"]) == ("skipped", "budget", None)
    assert found["device_seconds"] == 0


def test_an_oversized_network_is_not_trained(trial, tmp_path):
    trial(network=SIZES | {"units": 4000}).perform(train_keras_cnn)
    found = result(tmp_path)
    assert found["status"] == "failed"
    assert found["error"].startswith("oversized: ")
    assert found["network"]["parameters"] > 100000
    assert found["epochs"] == 0


def test_a_network_that_cannot_be_built_is_a_failed_trial(trial, tmp_path):
    trial(network=SIZES | {"maps": [4] * 7}).perform(train_keras_cnn)
    found = result(tmp_path)
    assert found["status"] == "failed"
    assert found["error"] == "invalid graph: stage6_pooling leaves nothing of the picture"


def test_what_a_builder_refuses_is_a_failed_trial(trial, tmp_path):
    trial(network=SIZES | {"maps": [0]}).perform(train_keras_cnn)
    assert result(tmp_path)["error"].startswith("invalid graph: ValueError: ")


def test_memory_that_runs_out_is_a_failed_trial(trial, tmp_path):
    def huge(run):
        np.ones((2**60,), np.float32)

    trial(network=SIZES).perform(huge)
    assert "MemoryError" in result(tmp_path)["error"]


class Untrainable(keras.layers.Layer):
    def call(self, inputs, training=None):
        if training:
            raise ValueError("not in training")
        return inputs


def test_a_network_whose_training_fails_is_described_nevertheless(trial, tmp_path):
    def failing(run):
        plain = keras_cnn(**run.shape, **run.network)
        run.train(keras.Model(plain.inputs, Untrainable()(plain.outputs[0])))

    trial(network=SIZES).perform(failing)
    found = result(tmp_path)
    assert found["status"] == "failed" and "in user code" in found["error"]
    assert found["network"]["parameters"] > 0


@pytest.mark.parametrize(
    ("settings", "status", "error"),
    [
        ({"memory_mb": 1}, "failed", "out of memory: more than 1 MB"),
        (BURST | {"epochs": 5}, "failed", "not finite"),
        # What its only step does shows in its score alone.
        (BURST | {"flops": 1}, "failed", "not finite"),
        (BURST | {"seconds": 1e-9, "epochs": 2}, "failed", "not finite"),
        ({"seconds": 1e-9, "epochs": 2}, "stopped", "time"),
        ({"seconds": 1e-9, "epochs": 1}, "completed", None),
        ({"flops": 1}, "completed", None),
    ],
)
def test_how_a_trial_ended_is_recorded(settings, status, error, trial, tmp_path):
    trial(network=SIZES, training=settings).perform(train_keras_cnn)
    found = result(tmp_path)
    assert (found["status"], found["error"]) == (status, error)
    assert (found["score"] is None) == (status == "failed")
    assert found["network"]["parameters"] > 0
    assert found["epochs"] > 0
    assert found["batch_size"] <= 24  # training pictures
    assert all(found["seconds"][of] > 0 for of in ("total", "start", "training"))
    assert not (tmp_path / "checkpoints").exists()


def test_memory_that_the_evaluation_takes_counts_too(trial, run, tmp_path, monkeypatch):
    monkeypatch.setattr(provenance, "peak_memory_mb", lambda: 2e6)  # training asks by itself
    for one in (trial(network=SIZES), run()):
        one.training["memory_mb"] = 1_000_000
        one.perform(train_keras_cnn)
        found = result(tmp_path)
        assert (found["status"], found["score"]) == ("failed", None)
        assert found["error"] == "out of memory: more than 1000000 MB"
        assert found["seconds"]["steps"] >= 0
    assert (tmp_path / "model.keras").read_bytes() == b""
    assert not (tmp_path / "checkpoints").exists()


@pytest.mark.parametrize(
    ("limit", "fault", "error"),
    [
        (500, "", "out of memory: more than 500 MB"),
        (
            None,
            "Fatal Python error: Segmentation fault\n\nThread",
            "crashed: Segmentation fault",
        ),
    ],
)
def test_a_trial_that_died_by_its_own_fault_is_not_tried_again(
    trial, tmp_path, limit, fault, error
):
    again = trial(network=SIZES, training={"memory_mb": limit})
    (tmp_path / "checkpoints").mkdir(exist_ok=True)
    path = tmp_path / "checkpoints" / again._key()
    path.with_suffix(".spent").write_text("[30.0, 90000.0, 0]")
    path.with_suffix(".fault").write_text(fault)
    again.perform(train_keras_cnn)
    found = result(tmp_path)
    assert found["status"] == "failed"
    assert found["error"] == error
    assert found["seconds"]["earlier"] == 30
    assert found["seconds"]["total"] > 30
    assert found["peak_memory_mb"] == 90000
    assert not (tmp_path / "checkpoints").exists()


def test_what_was_spent_with_other_threads_is_counted(data, trial, tmp_path):
    again = trial(network=SIZES)
    (tmp_path / "checkpoints").mkdir(exist_ok=True)
    (tmp_path / "checkpoints" / f"{again._key()}.spent").write_text("[30.0, 700.0, 0]")
    again._record.threads_used += 1
    again.perform(train_keras_cnn)
    assert result(tmp_path)["seconds"]["earlier"] == 30


def test_a_run_is_evaluated_on_every_split(run, tmp_path):
    run().perform(train_keras_cnn)
    found = result(tmp_path)
    assert {found["metrics"][split]["pictures"] for split in ("train", "test")} == {24, 15}
    with np.load(tmp_path / "predictions.npz") as arrays:
        assert arrays["log_probabilities"].shape == (15, 3)
        assert arrays["unlabelled"].shape == (3,)
    assert not (tmp_path / "checkpoints").exists()


def test_a_finished_run_is_kept_and_one_with_a_missing_file_is_not(run, tmp_path):
    run().perform(train_keras_cnn)
    first = result(tmp_path)["seconds"]
    # As where it was killed with its result written, or its settings were others before.
    (tmp_path / "checkpoints" / "left.features").mkdir(parents=True)
    run().perform(train_keras_cnn)
    assert result(tmp_path)["seconds"] == first
    assert not (tmp_path / "checkpoints").exists()
    # Snakemake removes outputs before a job; an earlier process may be in the midst of writing them
    (tmp_path / "history.csv").unlink()
    run().perform(train_keras_cnn)
    assert (tmp_path / "history.csv").exists()
    assert result(tmp_path)["seconds"] != first


def test_a_finished_run_of_other_making_is_done_again(run, tmp_path):
    run().perform(train_keras_cnn)
    run(training={"learning_rate": 0.5}).perform(train_keras_cnn)
    assert result(tmp_path)["choice"]["training"] == {"learning_rate": 0.5}


def test_a_run_behind_a_search_that_found_nothing_is_recorded(run, tmp_path):
    why = {"status": "failed", "error": "oversized"}
    run(trial=None, network={}, training={}, **why).perform(train_keras_cnn)
    found = result(tmp_path)
    assert found["status"] == "failed"
    assert found["error"] == "the search found no network; of most of its trials: oversized"
    with np.load(tmp_path / "predictions.npz") as arrays:
        assert arrays["log_probabilities"].shape == (0, 3)


def test_a_run_whose_start_has_no_network_is_recorded(data, tmp_path):
    (tmp_path / "start.keras").touch()
    run = Run(
        Study.load(ROOT, OVERRIDES).run_settings("vgg16_transfer", 1),
        CODE,
        str(tmp_path / "checkpoints"),
        1,
        0,
        {"data": data, "start": str(tmp_path / "start.keras")},
        {key: str(tmp_path / name) for key, name in FILES.items()},
    )
    run.perform(lambda run: pytest.fail("there is nothing to train"))
    found = result(tmp_path)
    expected = ("failed", "vgg16, which it starts from, ended without a network")
    assert (found["status"], found["error"]) == expected
    assert {path.name for path in tmp_path.iterdir()} >= set(FILES.values())


def test_the_settings_say_with_how_many_threads_it_is_trained(data, tmp_path):
    settings = Study.load(ROOT, OVERRIDES | {"training": {"threads": 2}}).run_settings("alexnet", 1)

    def used(lent):
        inputs, outputs = {"data": data}, {"network": str(tmp_path / "model.keras")}
        run = Run(settings, CODE, str(tmp_path / "checkpoints"), lent, 0, inputs, outputs)
        return run._record.threads_used

    assert [used(lent) for lent in (1, 2, 8)] == [1, 2, 2]


def test_what_a_search_found_is_exported_untrained(run, data, tmp_path, monkeypatch):
    monkeypatch.setenv(VISIBLE, "made-up")
    monkeypatch.setenv("JAX_PLATFORMS", "")
    run()
    network = tmp_path / "best.keras"
    Run(
        Study.load(ROOT, OVERRIDES).searching_settings("hand", 1),
        CODE,
        str(tmp_path / "checkpoints"),
        1,
        0,
        {"data": data, "best": str(tmp_path / "best.json")},
        {"network": str(network)},
    ).perform(train_keras_cnn)
    assert keras.saving.load_model(network).output_shape == (None, 3)
    assert not (tmp_path / "result.json").exists()
    assert os.environ[VISIBLE] == "-1"  # it is built where no GPU is


def test_what_goes_wrong_in_a_run_is_raised(run):
    def broken(run):
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        run().perform(broken)


def test_a_run_that_diverges_is_a_result(run, tmp_path):
    run(training={"learning_rate": 1e30, "warmup": 0.0, "epochs": 3}).perform(train_keras_cnn)
    found = result(tmp_path)
    assert found["status"] in ("diverged", "at_chance")
    assert found["metrics"]["test"]["pictures"] == 15


def test_training_is_bound_to_the_threads_given(trial):
    trial(network=SIZES).perform(train_keras_cnn)
    assert os.environ["TF_NUM_INTRAOP_THREADS"] == "1"


@pytest.mark.parametrize(
    "script", sorted(path.stem for path in (ROOT / "scripts" / "experiments").glob("*.py"))
)
def test_an_experiments_script_can_be_imported_without_a_workflow(script):
    path = ROOT / "scripts" / "experiments" / f"{script}.py"
    spec = importlib.util.spec_from_file_location(script, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert callable(getattr(module, f"train_{script}"))


@pytest.mark.parametrize("make", ["run", "trial"])
def test_a_full_disk_is_no_result(make, request, tmp_path):
    def fills_the_disk(run):
        raise OSError(errno.ENOSPC, "No space left on device", "checkpoint")

    with pytest.raises(OSError, match="No space left on device"):
        request.getfixturevalue(make)().perform(fills_the_disk)
    assert not (tmp_path / "result.json").exists()


@pytest.mark.parametrize("gpus", [0, 1])
def test_a_run_that_was_lent_a_gpu_trains_on_no_cpu(run, driver, gpus):
    performed = []
    refused = pytest.raises(StudyError, match="has GPU made-up, but the backend finds none")
    with refused if gpus else contextlib.nullcontext():
        run(gpus=gpus).perform(performed.append)
    assert len(performed) == 1 - gpus
