"""Where the time of real jobs goes: start, waiting for data, scoring, checkpoints.

The six experiments at their full sizes, on made-up pictures, through the workflow.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from workers import ROOT, fastest, keep_fastest, limit

from imagestudy.engine import CHOSEN
from imagestudy.settings import Study
from imagestudy.training import CHECKPOINT_SECONDS, CHECKPOINT_SHARE

START = 6.0  # seconds: imports, building, loading
WAITING = 0.05  # part of the training
SCORING = 0.05
# A tenth of them is the selection split: one batch of the evaluation, as in full-sized data.
SIZES = {"classes": 10, "train": 500, "test": 20, "unlabelled": 0}
# Pictures per second of the probe's network, below which one epoch of all tells as much: the first
# steps of a training, in which it is traced, weigh less the longer it takes.
SLOW = 600
FEW = {"epochs": 1, "pictures": 128}
SEARCHES = {
    "hand": {
        "trials_per_round": 1,
        "training": FEW | {"max_parameters": None},
        "candidates": [
            {
                "network": {
                    "maps": [64, 128, 256],
                    "convolutions_per_stage": 2,
                    "units": 256,
                    "batch_normalization": True,
                },
                "training": {"optimizer": "adam", "learning_rate": 0.001},
            }
        ],
    },
    "autokeras": {
        "initial_points": None,
        "rounds": 1,
        "trials_per_round": 1,
        "training": FEW,
    },
    "random": None,
    "default": None,
}
# The smallest network's first steps weigh much; the largest is saved where that takes a minute.
LONGER = {"autokeras": 4, "vgg16": 3}
WIDE = ("alexnet", "vgg16", "vgg16_transfer", "vgg16_fine_tune")


def measure() -> list[dict]:
    """Limits over what was measured, each of the experiment that does worst."""
    results = _results()
    seconds = {name: result["seconds"] for name, result in results.items()}
    return [
        _worst("job: seconds before training", START, "seconds", seconds, _start),
        _worst("job: part waiting for data", WAITING, "of training", seconds, _waiting),
        _worst("job: part scoring and saving", SCORING, "of training", seconds, _scoring),
    ]


def _start(seconds: dict[str, float]) -> float:
    return seconds["start"]


def _waiting(seconds: dict[str, float]) -> float:
    return seconds["waiting"] / seconds["training"]


def _scoring(seconds: dict[str, float]) -> float:
    """The part of a long training: of that, checkpoints take no more than their share."""
    saving = seconds["saving"]
    saved = saving / max(CHECKPOINT_SECONDS, CHECKPOINT_SHARE * saving)
    return seconds["scoring"] / seconds["training"] + saved


def _worst(name: str, most: float, unit: str, seconds: dict, measured) -> dict:
    worst = max(seconds, key=lambda each: measured(seconds[each]))
    return limit(f"{name} ({worst})", measured(seconds[worst]), most, unit)


def _config() -> dict:
    """The whole study's settings."""
    slow = max(each["pictures_per_second"] for each in fastest()["measured"]) < SLOW
    usual, longer = (1, {}) if slow else (2, LONGER)
    probed = dict.fromkeys(CHOSEN, "auto")
    settings = {"epochs": usual, "batch_size": 128, **probed}
    experiments = {name: {"training": {"epochs": longer.get(name, usual)}} for name in _originals()}
    for name in WIDE:
        experiments[name]["network"] = {"width": 1.0}
    return {
        "scale": "demo",
        "seeds": [1],
        "datasets": {
            "tiny_imagenet": {"generate": SIZES | {"seed": 1}},
            "cifar10": {"generate": SIZES | {"seed": 2}},
        },
        "training": settings,
        "experiments": {"vgg16_from_scratch": None} | experiments,
        "searches": SEARCHES,
    }


def _results() -> dict[str, dict]:
    config = _config()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.json"
        path.write_text(json.dumps(config))
        keep_fastest(Path(folder), "demo")
        targets = {name: f"results/demo/runs/{name}/seed-1/result.json" for name in _originals()}
        subprocess.run(
            [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"),
             "--directory", folder, "--cores", "2", "--set-threads", "run=2", "trial=2",
             "--configfile", str(path), "--", *targets.values()],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        return {
            name: json.loads((Path(folder) / target).read_text())
            for name, target in targets.items()
        }


def _originals() -> list[str]:
    study = Study.load(ROOT, {"scale": "demo"})
    return [name for name, block in study.experiments.items() if block["role"] == "original"]
