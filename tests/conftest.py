"""A study small enough for a test: every experiment of the config, one step on a dozen pictures."""

import csv
import gc
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from hostile_names import CLASSES, FOLDER, HARM, place
from PIL import Image
from xdist.scheduler import LoadScopeScheduling

from imagestudy.datasets.synthetic import generate
from imagestudy.preparation import prepare
from imagestudy.settings import Study

ROOT = Path(__file__).parent.parent
PARTS = ("Snakefile", "config.yaml", "config.schema.yaml")
FOLDERS = (
    *("rules", "scripts", "src", "report", "envs", "profiles", "published", "scales", "examples"),
)
STUDY = "the tiny study"
OF_STUDY = ["test_workflow", "test_bundle", "test_estimate", "test_hostile_text",
            "test_hostile_bundles"]  # fmt: skip
LONGEST = [*OF_STUDY, "test_kill", "test_own_pictures", "test_kill_training",
           "test_search_faithful", "test_claims", "test_stock", "test_jax", "test_report",
           "test_training", "test_search"]  # fmt: skip
TRIAL = {"epochs": 1, "seconds": 60, "max_parameters": 1000000}
SPACE = {
    "blocks": ["conv"],
    "normalize": [True],
    "augment": [False],
    "conv": {"filters": [16], "num_blocks": [1, 2], "kernel_size": [3], "separable": [False]},
    "learning_rates": [0.01, 0.001],
}
# What scale demo leaves out, so does the tests'
ELSEWHERE = {
    key: [name for name, block in blocks.items() if block is None]
    for key, blocks in yaml.safe_load((ROOT / "scales" / "demo.yaml").read_text()).items()
    if key in ("experiments", "searches")
}
SIZES = {"vgg16": 0.05, "vgg16_transfer": 0.05, "vgg16_fine_tune": 0.05, "vgg16_from_scratch": 0.05}
# What a probe would find differs from machine to machine.
ENGINE = {"precision": "float32", "compiled": False, "threads": None}
# Of a run.
FILES = {
    "result": "result.json",
    "history": "history.csv",
    "predictions": "predictions.npz",
    "network": "model.keras",
}
TINY = {
    "title": f"By hand? {HARM[0]} {HARM[10]} {HARM[5]}",
    "subtitle": " ".join(HARM),
    "authors": HARM,
    "seeds": [1],
    "datasets": {
        "own": {
            "title": f"My pictures {HARM[0]} {HARM[10]}",
            "format": "csv",
            "path": FOLDER,
            "image_size": 32,
            "resize_filter": "box",
            "selection_fraction": 0.3,
            "seed": 1,
        },
        "tiny_imagenet": {
            "selection_fraction": 0.2,
            "generate": {"classes": 3, "train": 5, "test": 4, "unlabelled": 2, "seed": 1},
        },
        "cifar10": {
            "selection_fraction": 0.5,
            "generate": {"classes": 10, "train": 2, "test": 2, "unlabelled": 0, "seed": 2},
        },
    },
    "training": {"batch_size": 12, "epochs": 1} | ENGINE,
    "experiments": {
        "alexnet_own": {
            "title": f"AlexNet on {' / '.join(HARM)}",
            "role": "modern",
            "script": "alexnet",
            "dataset": "own",
            "network": {"width": 0.05, "dropout": 0.5, "batch_normalization": True},
        },
        **dict.fromkeys(ELSEWHERE["experiments"]),
        "keras_cnn": {"training": {"epochs": 1}},
        "autokeras": {"training": {"epochs": 1}},
        "alexnet": {
            "title": "[1pt] * 中文",
            "network": {"width": 0.05},
            "training": {"epochs": 1},
        },
        **{
            name: {
                "network": {"width": width},
                "training": {"epochs": 1},
                **({"start": "vgg16"} if name in ("vgg16_transfer", "vgg16_fine_tune") else {}),
            }
            for name, width in SIZES.items()
        },
    },
    "searches": {
        **dict.fromkeys(ELSEWHERE["searches"]),
        "hand": {
            "title": f"* {HARM[0]} {HARM[10]}",
            "rounds": 1,
            "trials_per_round": 1,
            "training": TRIAL,
            "candidates": [
                {
                    "network": {"maps": [4], "convolutions_per_stage": 1, "units": 8},
                    "training": {"optimizer": "adam", "learning_rate": 0.01},
                }
            ],
        },
        "autokeras": {
            "seeds": [1], "initial_points": 1, "rounds": 2, "trials_per_round": 1,
            "training": TRIAL, "space": SPACE,
        },
        "random": {
            "seeds": [1], "rounds": 2, "trials_per_round": 1, "device_seconds": 1,
            "training": TRIAL | {"seconds": 1}, "space": SPACE,
        },
        "default": {"rounds": 1, "trials_per_round": 1, "training": TRIAL, "space": SPACE},
    },
}  # fmt: skip


class StudyCopy:
    """A copy of this checkout with a tiny scale `demo`, and Snakemake in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def new(cls, folder: Path) -> "StudyCopy":
        """A copy of which nothing has run."""
        for name in PARTS:
            shutil.copy2(ROOT / name, folder / name)
        for name in FOLDERS:
            shutil.copytree(
                ROOT / name,
                folder / name,
                ignore=shutil.ignore_patterns("__pycache__", "bundle.zip"),
            )
        _write_pictures(folder / FOLDER)
        (folder / "scales" / "demo.yaml").write_text(yaml.safe_dump(TINY))
        return cls(folder)

    def copy(self, folder: Path) -> "StudyCopy":
        """The study with all that it has made, in another folder."""
        shutil.copytree(self.folder, folder, symlinks=True, dirs_exist_ok=True)
        return StudyCopy(folder)

    def snakemake(self, *arguments: str) -> subprocess.CompletedProcess:
        """Run Snakemake with these arguments; the profile of the copy holds."""
        command = [sys.executable, "-m", "snakemake", "--cores", "2", *arguments]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)

    def planned(self, *arguments: str) -> dict[str, int]:
        """The number of jobs of each rule that a dry run plans."""
        ended = self.snakemake("-n", *arguments)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        lines = (ended.stdout + ended.stderr).splitlines()
        if "Job stats:" not in lines:
            return {}
        start = lines.index("Job stats:") + 3
        counts = {}
        for line in lines[start:]:
            if not line.strip():
                break
            rule, count = line.split()
            counts[rule] = int(count)
        counts.pop("total", None)
        return counts


def prepared(folder: Path, overrides: dict) -> Path:
    """The dataset.json of a made-up Tiny ImageNet, prepared as these overrides say."""
    study = Study.load(ROOT, overrides)
    archive = folder / "tiny-imagenet-200.zip"
    generate(study.generate_settings("tiny_imagenet"), archive)
    prepare(archive, study.dataset_settings("tiny_imagenet"), {}, folder / "prepared")
    return folder / "prepared" / "dataset.json"


def _write_pictures(folder: Path) -> None:
    """A table of classes, and pictures as a person has them: of several sizes."""
    generator = np.random.default_rng(1)
    rows = [("file", "label")]
    for label, name in enumerate(CLASSES):
        (folder / place(name)).mkdir(parents=True)
        for number in range(10):
            pixels = generator.integers(9 * label, 9 * label + 90, (40 + number, 50, 3))
            picture = Image.fromarray(pixels.astype(np.uint8))
            file = str(number) if number else place(name).replace("/", "|")
            rows.append((f"{place(name)}/{file}.png", name))
            picture.save(folder / rows[-1][0])
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as table:
        csv.writer(table).writerows(rows)


class Scheduling(LoadScopeScheduling):
    """A module is for one test process, and so is all that wants the tiny study."""

    def _split_scope(self, nodeid):
        return STUDY if Path(nodeid.partition("::")[0]).stem in OF_STUDY else nodeid.split("::")[0]


def pytest_xdist_make_scheduler(config, log):
    return Scheduling(config, log) if config.getvalue("dist") == "loadscope" else None


def pytest_collection_modifyitems(items):
    """What takes longest comes first, so that two test processes end at about the same time."""
    items.sort(key=lambda item: _order(item.path.stem))


def pytest_collection_finish():
    """What is imported by now is no garbage, for which statsmodels looks each time it is asked."""
    gc.freeze()


def _order(module):
    return LONGEST.index(module) if module in LONGEST else len(LONGEST)


@pytest.fixture(scope="session")
def finished_study(tmp_path_factory):
    """A tiny study, run from its raw archives to the PDF."""
    study = StudyCopy.new(tmp_path_factory.mktemp("study"))
    ended = study.snakemake("report.pdf")
    assert ended.returncode == 0, (ended.stdout + ended.stderr)[-6000:]
    return study


@pytest.fixture(scope="module")
def packed(finished_study):
    """The bundle of the tiny study, which tests of other modules may have changed."""
    ended = finished_study.snakemake("results/demo/bundle.zip")
    assert ended.returncode == 0, (ended.stdout + ended.stderr)[-4000:]
    return finished_study.folder / "results" / "demo" / "bundle.zip"


@pytest.fixture
def fresh_study(tmp_path):
    """A tiny study of which nothing has run."""
    return StudyCopy.new(tmp_path)


@pytest.fixture
def driver(tmp_path, monkeypatch):
    """A machine whose driver knows two GPUs, or fails, whatever the backends find."""

    def make(script="echo 'GPU 0: made up'; echo 'GPU 1: made up'"):
        program = tmp_path / "bin" / "nvidia-smi"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    make()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    # What the backends find under that name is nothing, on a machine with GPUs too.
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "made-up")
    return make
