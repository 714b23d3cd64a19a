"""What trainings will take on this machine: a few steps of each, on made-up pictures.

`python -m imagestudy.probe FOLDER` reads `FOLDER/asked.json` and writes `FOLDER/found.json`.
`asked.json` has the `trainings`, and the path of what was found of the `engine` or null.
"""

import json
import math
import runpy
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from imagestudy import device, engine, evaluation, provenance, training
from imagestudy.batches import steps_per_epoch
from imagestudy.checkpoints import Checkpoint
from imagestudy.datasets.synthetic import MOST_CLASSES, generate
from imagestudy.errors import StudyError
from imagestudy.inputs import inputs_of
from imagestudy.lean import keras
from imagestudy.networks.description import describe
from imagestudy.preparation import prepare
from imagestudy.results import SCHEMA, read_json, write_json
from imagestudy.runs import Run
from imagestudy.search.proposers import propose, with_data

STEPS = 8  # of an epoch of the probe
TEST_PICTURES = 5  # of each class
UNLIMITED = dict.fromkeys(("seconds", "flops", "memory_mb", "pictures", "max_parameters"))
SOURCE = {"format": "tiny_imagenet", "source": "generated"}
WHOLE = {"train_pictures_per_class": None, "test_pictures_per_class": None}


class Probe(Run):
    """Stands in for a run: its network is trained for two short epochs, and nothing is written."""

    counts: dict[str, int]
    found: dict[str, float]

    def load_start(self, base: keras.Model) -> None:
        """Leave `base` as it is: weights cost the same whatever they are."""
        self._started = base

    def train(self, network: keras.Model) -> None:
        """Train a little, and set `found`: what the whole training will take."""
        settings, began = self.training, time.monotonic()
        short = settings | UNLIMITED | {"epochs": 2}
        described, folder = describe(network), self.scratch
        folder.mkdir(exist_ok=True)
        network.compile(jit_compile=device.jit_compile())
        inputs = inputs_of(network, self._splits(), short, self.data, self.seed, folder)
        cached = time.monotonic()
        fitted = training.fit(
            inputs.trained, inputs.train, inputs.selection, short, self.data.description["pca"],
            self.seed, Checkpoint(folder, "probe"),
            slow=self.came_with_start,
        )  # fmt: skip
        ended = time.monotonic()
        step = fitted.step_seconds / max(fitted.step - 1, 1)
        waiting = fitted.waiting_seconds / max(fitted.step, 1)
        scoring = _seconds_of_a_call(inputs.trained, inputs.selection[0])
        final = _seconds_of_a_call(inputs.scorer, inputs.scored["train"][0])
        every = cached - began if inputs.features else 0.0
        made = sum(len(self.split(name)) for name in ("train", "selection", "test"))
        counts, pictures = self.counts, self._pictures()
        flops = describe(inputs.trained)["flops"]
        steps = training.planned_steps(settings, pictures, flops)
        epochs = math.ceil(steps / steps_per_epoch(pictures, settings["batch_size"]))
        example = inputs.scored["train"][0][:1]
        looks = len(evaluation.looks(example, settings["flip_test"], settings["shift_test"]))
        scored = min(pictures, settings["train_evaluation_pictures"]) + counts["selection"]
        scored += 0 if self._record.is_trial else counts["test"] + counts["unlabelled"]
        trained = (
            epochs * _calls(inputs.trained, counts["selection"]) * scoring
            + steps * (step + waiting)
            + every * (pictures + counts["selection"] + counts["test"]) / made
        )
        self.found = {
            "seconds": (ended - cached)
            - fitted.step_seconds
            - fitted.waiting_seconds
            - 2 * _calls(inputs.trained, len(inputs.selection[1])) * scoring
            + min(trained, settings["seconds"] or trained)
            + _calls(inputs.scorer, scored) * final * looks,
            "flops": training.PASSES * flops * min(settings["batch_size"], pictures) * steps,
            "rate": training.PASSES * flops * min(settings["batch_size"], pictures) / step,
            "disk_mb": (0 if self._record.is_trial else 4 * described["parameters"]) / 1e6,
            "memory_mb": provenance.peak_memory_mb(),
        }

    def _pictures(self) -> int:
        most = self.training["pictures"] or self.counts["train"]
        return min(most, self.counts["train"])


def _calls(network: keras.Model, pictures: int) -> int:
    return math.ceil(pictures / evaluation.at_once(network, device.kind()))


def _seconds_of_a_call(network: keras.Model, inputs: np.ndarray) -> float:
    evaluation.probabilities(network, inputs[:1])
    began = time.monotonic()
    evaluation.probabilities(network, inputs[:1])
    return time.monotonic() - began


def probe(asked: dict[str, Any], folder: Path) -> list[dict[str, Any]]:
    """For each of `asked["trainings"]` what it will take: `seconds`, `flops` and so on."""
    found, chosen = [], {}
    if any("auto" in each["settings"]["training"].values() for each in asked["trainings"]):
        chosen = {"engine": asked["engine"] or _engine(asked["trainings"], folder)}
    for number, each in enumerate(asked["trainings"]):
        data = _data(each, folder)
        inputs = {"data": str(data), "start": "", **chosen}
        if each["search"]:
            proposals = propose(with_data(each["search"], read_json(data)), 1, [])
            # An experiment trains what a search finds: here what it tries last at first.
            wanted = "proposals" if "trial" in each["settings"] else "best"
            best = {"schema": SCHEMA} | proposals["trials"][-1]
            said = {"proposals": proposals, "best": best}
            inputs[wanted] = str(folder / f"{wanted}-{number}.json")
            write_json(Path(inputs[wanted]), said[wanted])
        run = Probe(
            each["settings"], {"digest": ""}, str(folder / f"scratch-{number}"),
            each["threads"], 0, inputs, {"result": str(folder / "none.json")},
        )  # fmt: skip
        run.counts, run.found = each["counts"], {}
        script = runpy.run_path(each["script"])
        run.perform(script[f"train_{Path(each['script']).stem}"])
        if not run.found:
            raise StudyError(
                f"{each['settings']['name']} cannot be probed: its script builds no network; see "
                "what was said above"
            )
        found.append(run.found)
        keras.backend.clear_session()
    return found


def _engine(trainings: list[dict[str, Any]], folder: Path) -> str:
    path = folder / "engine.json"
    write_json(path, engine.probe(max(each["threads"] for each in trainings)))
    return str(path)


def _data(asked: dict[str, Any], folder: Path) -> Path:
    """Made-up pictures, prepared as the training's data will be: a few batches of them.

    Trainings on the same data share them.

    ASSUME: what classes there are more than can be made up costs nothing worth counting.
    """
    dataset, batch_size = asked["settings"]["dataset"], asked["settings"]["training"]["batch_size"]
    classes = min(asked["counts"]["classes"], MOST_CLASSES)
    place = folder / provenance.digest([dataset, batch_size, classes])
    described = place / "prepared" / "dataset.json"
    if described.exists():
        return described
    place.mkdir()
    wanted = STEPS * batch_size
    held_back = dataset["selection_fraction"]
    generated = {
        "classes": classes,
        # So many that a class gives one at least, and keeps one.
        "train": max(
            math.ceil(1 / held_back),
            math.ceil(1 / (1 - held_back)),
            round(wanted / classes / (1 - held_back)),
        ),
        "test": TEST_PICTURES,
        "unlabelled": 0,
        "seed": 1,
    }
    archive = place / "pictures.zip"
    generate(SOURCE | generated, archive)
    prepare(archive, dataset | SOURCE | WHOLE, {}, described.parent)
    return described


if __name__ == "__main__":
    place = Path(sys.argv[1])
    write_json(place / "found.json", probe(json.loads((place / "asked.json").read_text()), place))
