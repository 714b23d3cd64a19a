"""The same code trains on Keras's JAX backend, input pipeline and augmentation included."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, prepared

from imagestudy.settings import Study

SETTINGS = {
    "scale": "demo",
    "backend": "jax",
    "datasets": {
        "tiny_imagenet": {
            "selection_fraction": 0.2,
            "generate": {"classes": 3, "train": 10, "test": 5, "unlabelled": 0, "seed": 1},
        }
    },
    "experiments": {
        "alexnet": {
            "network": {"width": 0.05},
            "training": {"epochs": 2, "batch_size": 4, "ema": 0.9},
        }
    },
}
JAX = os.environ | {"KERAS_BACKEND": "jax", "PYTHONPATH": str(ROOT / "src")}
CODE = """
import importlib.util, json, sys
from imagestudy import device
from imagestudy.runs import Run
arguments = json.loads(sys.argv[1])
steps = arguments.pop("steps")
device.steps_at_once = lambda: steps
spec = importlib.util.spec_from_file_location("alexnet_experiment", arguments.pop("script"))
script = importlib.util.module_from_spec(spec)
spec.loader.exec_module(script)
Run(**arguments).perform(script.train_alexnet)
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return prepared(tmp_path_factory.mktemp("data"), SETTINGS)


def trained(data, folder, steps):
    """The result of AlexNet, and the losses of its epochs, with so many steps in a call."""
    folder.mkdir()
    files = {"result": "result.json", "history": "history.csv", "predictions": "predictions.npz",
             "network": "model.keras"}  # fmt: skip
    arguments = {
        "steps": steps,
        "script": str(ROOT / "scripts" / "experiments" / "alexnet.py"),
        "settings": Study.load(ROOT, SETTINGS).run_settings("alexnet", 1),
        "code": {"digest": "", "modules": {}},
        "checkpoints": str(folder / "checkpoints"),
        "threads": 1,
        "gpus": 0,
        "inputs": {"data": str(data)},
        "outputs": {name: str(folder / file) for name, file in files.items()},
    }
    assert arguments["settings"]["training"]["augmentation"]["pca_colour"] > 0
    # To optimize what runs for two epochs takes longer than all else.
    environment = JAX | {"JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}
    subprocess.run([sys.executable, "-c", CODE, json.dumps(arguments)], check=True, env=environment)
    history = pd.read_csv(arguments["outputs"]["history"])
    return json.loads(Path(arguments["outputs"]["result"]).read_text()), history["train_loss"]


def test_alexnet_trains_on_jax_and_equally_with_several_steps_in_a_call(data, tmp_path):
    """Of six steps in an epoch the second call has fewer than the first."""
    result, losses = trained(data, tmp_path / "one", 1)
    _, others = trained(data, tmp_path / "several", 4)
    np.testing.assert_allclose(others, losses, rtol=1e-4)
    assert result["hardware"]["backend"] == "jax"
    assert result["epochs"] == 2
    assert result["metrics"]["test"]["pictures"] == 15


LOSSES = """
import json, numpy as np
from imagestudy.steps.jax import cross_entropy
targets = np.float32([[1, 0], [0.9, 0.1]])
given = np.float32([[1e-9, 1], [0.5, 0.5]])
print(json.dumps(float(cross_entropy(targets, given))))
"""


def test_what_is_surely_wrong_has_its_whole_loss_on_jax():
    """As on TensorFlow, where Keras takes the logits instead of clipping probabilities."""
    said = subprocess.run(
        [sys.executable, "-c", LOSSES], check=True, env=JAX, capture_output=True, text=True
    )
    expected = (-math.log(1e-9) - math.log(0.5)) / 2
    assert json.loads(said.stdout.splitlines()[-1]) == pytest.approx(expected, rel=1e-5)
