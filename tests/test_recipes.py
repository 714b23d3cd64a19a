"""The modern recipes of scale `full` train, and the examples are sound.

Each is as it is declared, but small, for two epochs, on few pictures, none enlarged, and from
a small `vgg16_modern` in place of ImageNet's weights.
"""

import json
import re
import runpy

import pytest
import yaml
from conftest import ENGINE, FILES, ROOT, prepared

from imagestudy.runs import Run
from imagestudy.settings import Study

DATA = {
    "scale": "demo",
    "datasets": {
        "tiny_imagenet": {
            "selection_fraction": 0.2,
            "generate": {"classes": 3, "train": 10, "test": 5, "unlabelled": 3, "seed": 1},
        }
    },
}
PARENT = "vgg16_modern"
SMALL = {"width": 0.05, "maps": [4, 8], "batch_normalization": True, "upscale": 1}
SHORT = {"epochs": 2, "batch_size": 8, "views": 2}
FULL = Study.load(ROOT, {"scale": "full"})
MODERN = [name for name, block in FULL.experiments.items() if block["role"] == "modern"]
CODE = {"digest": "", "modules": {}}


def small(name):
    block, declared = FULL.experiments[name], FULL.run_settings(name, 1)["training"]
    network = {key: value for key, value in SMALL.items() if key in block["network"]}
    training = ENGINE | {key: value for key, value in SHORT.items() if declared[key]}
    start = {"start": PARENT} if "start" in block else {}
    return {"network": network, "training": training, **start}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Train a recipe once, what it starts from before it."""
    data = prepared(tmp_path_factory.mktemp("data"), DATA)
    experiments = {name: small(name) for name in MODERN}
    study = Study.load(ROOT, {"scale": "full", "experiments": experiments})
    folders = {}

    def train(name):
        if name not in folders:
            folder = folders[name] = tmp_path_factory.mktemp(name)
            settings = study.run_settings(name, 1)
            start = train(PARENT) / FILES["network"] if settings["start"] == PARENT else ""
            outputs = {key: str(folder / file) for key, file in FILES.items()}
            inputs = {"data": str(data), "start": str(start)}
            checkpoints = str(folder / "checkpoints")
            run = Run(settings, CODE, checkpoints, 1, 0, inputs, outputs)
            script = study.experiments[name]["script"]
            named = runpy.run_path(str(ROOT / "scripts" / "experiments" / f"{script}.py"))
            run.perform(named[f"train_{script}"])
        return folders[name]

    return train


@pytest.mark.parametrize("name", MODERN)
def test_a_modern_recipe_trains(name, trained):
    found = json.loads((trained(name) / FILES["result"]).read_text())
    assert found["epochs"] == 2
    assert {found["metrics"][split]["pictures"] for split in ("train", "test")} == {24, 15}
    assert (found["start"]["name"] == PARENT) == ("start" in FULL.experiments[name])


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "examples").glob("*.yaml")))
def test_an_example_is_a_sound_config_at_the_scale_that_it_names(name):
    text = (ROOT / "examples" / f"{name}.yaml").read_text()
    named = re.search(r"scale=(\w+)", text)
    Study.load(ROOT, {"scale": named[1] if named else "cpu", **yaml.safe_load(text)})
