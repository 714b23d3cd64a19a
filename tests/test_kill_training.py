"""A training that is ended at any moment, and started again, ends as if nothing had happened."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, prepared

from imagestudy.settings import Study

SETTINGS = {
    "scale": "demo",
    "datasets": {
        "tiny_imagenet": {
            "selection_fraction": 0.2,
            "generate": {"classes": 3, "train": 60, "test": 20, "unlabelled": 2, "seed": 1},
        }
    },
    "experiments": {
        "alexnet": {
            "network": {"width": 0.05},
            "training": {"epochs": 6, "batch_size": 8, "optimizer": "adam", "ema": 0.9},
        }
    },
}
# Runs one experiment as the workflow does; ends itself where it is told to.
CODE = """
import importlib.util, json, numpy, os, signal, sys
arguments, moment = json.loads(sys.argv[1]), sys.argv[2]
from imagestudy import training, checkpoints, evaluation, recording
from imagestudy.runs import Run
training.CHECKPOINT_SECONDS = training.CHECKPOINT_SHARE = 0
# A shell that starts the tests in the background lets them, and so this process, ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)

def ending_before(holder, name, times):
    plain, left = getattr(holder, name), [times]
    def call(*given, **named):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return plain(*given, **named)
    setattr(holder, name, call)

if moment == "first step":
    ending_before(training._Fit, "_train", 1)
elif moment == "inside an epoch":
    ending_before(training._Fit, "_train", 31)
elif moment == "a checkpoint half written":
    ending_before(numpy.lib.format, "write_array", 100)
elif moment == "scoring an epoch":
    ending_before(evaluation, "probabilities", 5)
elif moment == "evaluation at the end":
    ending_before(Run, "_evaluate", 1)
elif moment == "some results written":
    ending_before(recording.Record, "write_network", 1)
elif moment == "all but the result written":
    ending_before(recording, "write_result", 1)
spec = importlib.util.spec_from_file_location("alexnet_experiment", arguments.pop("script"))
script = importlib.util.module_from_spec(spec)
spec.loader.exec_module(script)
print("ready", flush=True)
Run(**arguments).perform(script.train_alexnet)
"""
MOMENTS = (
    "first step",
    "inside an epoch",
    "a checkpoint half written",
    "scoring an epoch",
    "evaluation at the end",
    "some results written",
    "all but the result written",
)
FILES = {
    "result": "result.json",
    "history": "history.csv",
    "predictions": "predictions.npz",
    "network": "model.keras",
}


class Training:
    """One run of an experiment, in processes of its own."""

    def __init__(self, data, folder):
        self.folder = folder
        self.arguments = {
            "script": str(ROOT / "scripts" / "experiments" / "alexnet.py"),
            "settings": Study.load(ROOT, SETTINGS).run_settings("alexnet", 1),
            "code": {"digest": "", "modules": {}},
            "checkpoints": str(folder / "checkpoints"),
            "threads": 1,
            "gpus": 0,
            "inputs": {"data": str(data)},
            "outputs": {name: str(folder / file) for name, file in FILES.items()},
        }

    def started(self, moment="never"):
        environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "KERAS_BACKEND": "tensorflow"}
        return subprocess.Popen(
            [sys.executable, "-c", CODE, json.dumps(self.arguments), moment],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )

    def finish(self):
        process = self.started()
        said, _ = process.communicate()
        assert process.returncode == 0
        return said

    def outcome(self):
        """All that must not depend on when something was ended."""
        result = json.loads((self.folder / FILES["result"]).read_text())
        history = pd.read_csv(self.folder / FILES["history"]).drop(columns="seconds")
        with np.load(self.folder / FILES["predictions"]) as file:
            predictions = {name: file[name] for name in file.files}
        weights = keras.models.load_model(self.folder / FILES["network"]).get_weights()
        kept = ("status", "metrics", "score", "epochs", "best_epoch", "network", "settings")
        return [{key: result[key] for key in kept}, history, predictions, weights]

    def seconds(self):
        return json.loads((self.folder / FILES["result"]).read_text())["seconds"]

    def checkpoints(self):
        return list((self.folder / "checkpoints").glob("*"))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return prepared(tmp_path_factory.mktemp("data"), SETTINGS)


@pytest.fixture(scope="module")
def whole(data, tmp_path_factory):
    """The outcome of a training that nobody ended, and its seconds once it was ready."""
    training = Training(data, tmp_path_factory.mktemp("whole"))
    process = training.started()
    assert process.stdout.readline() == "ready\n"
    began = time.monotonic()
    process.communicate()
    assert process.returncode == 0
    return training.outcome(), time.monotonic() - began


def is_the_same(found, expected):
    assert found[0] == expected[0]
    pd.testing.assert_frame_equal(found[1], expected[1], check_exact=True)
    assert found[2].keys() == expected[2].keys()
    for name in found[2]:
        np.testing.assert_array_equal(found[2][name], expected[2][name])
    for one, other in zip(found[3], expected[3], strict=True):
        np.testing.assert_array_equal(one, other)


def killed_at(moment, data, whole, folder):
    training = Training(data, folder)
    killed = training.started(moment)
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    training.finish()
    is_the_same(training.outcome(), whole[0])
    assert training.checkpoints() == []
    seconds = training.seconds()
    assert 1 < seconds["earlier"] < seconds["total"]


@pytest.mark.parametrize("moment", ["inside an epoch", "all but the result written"])
def test_killed_at_a_moment(moment, data, whole, tmp_path):
    killed_at(moment, data, whole, tmp_path)


@pytest.mark.thorough
@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_every_moment(moment, data, whole, tmp_path):
    killed_at(moment, data, whole, tmp_path)


def ended_by(number, after, data, whole, folder):
    training = Training(data, folder)
    process = training.started()
    assert process.stdout.readline() == "ready\n"
    time.sleep(after)
    process.send_signal(number)
    process.communicate()
    if process.returncode == 0:  # it was faster than the whole one
        assert after > 0.1
        shutil.rmtree(folder)
        return ended_by(number, after / 2, data, whole, folder)
    assert process.returncode in (-number, 128 + number)
    training.finish()
    return is_the_same(training.outcome(), whole[0])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_end(number, data, whole, tmp_path):
    """In the middle of its epochs, of which a checkpoint is left."""
    training = Training(data, tmp_path)
    process = training.started()
    while not process.stdout.readline().startswith("epoch 3"):
        assert process.poll() is None
    process.send_signal(number)
    process.communicate()
    assert process.returncode == 128 + number
    assert sorted(path.suffix for path in training.checkpoints()) == [".npz", ".spent"]
    assert "resumed after step" in training.finish()
    is_the_same(training.outcome(), whole[0])


@pytest.mark.thorough
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("seed", range(20))
def test_ended_at_a_random_moment(number, seed, data, whole, tmp_path):
    after = random.Random(f"{number} {seed}").uniform(0, whole[1])
    ended_by(number, after, data, whole, tmp_path)
