"""Plausible result files of the contract, written without training, for the report's tests."""

import copy
import hashlib
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from imagestudy.development import tries_for
from imagestudy.examination import examine
from imagestudy.stored import Stored, log_probabilities, write_stored

SEEDS = (1, 2)
VGG16_BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
TITLES = {
    "keras_cnn": ("Keras CNN by hand", "original", 1, "tiny_imagenet", "keras_cnn", "scratch"),
    "autokeras": ("AutoKeras", "original", 2, "tiny_imagenet", "autokeras", "scratch"),
    "alexnet": ("AlexNet", "original", 3, "tiny_imagenet", "alexnet", "scratch"),
    "vgg16": ("VGG-16", "original", 4, "tiny_imagenet", "vgg16", "scratch"),
    "vgg16_transfer": ("Transfer from VGG-16", "original", 5, "cifar10", "vgg16_transfer", "vgg16"),
    "vgg16_fine_tune": ("Fine-tuned VGG-16", "original", 6, "cifar10", "vgg16_fine_tune", "vgg16"),
    "vgg16_cifar10": ("VGG-16 from scratch", "control", None, "cifar10", "vgg16", "scratch"),
    "long_name": (
        "A recipe_with & 100% odd {title} 中 and a_very_long_word_that_must_be_broken_somewhere",
        "modern", None, "tiny_imagenet", "keras_cnn", "scratch",
    ),
}  # fmt: skip
MEASURED = {
    "keras_cnn": (0.62, 0.58),
    "autokeras": (0.66, 0.60),
    "alexnet": (0.52, 0.47),
    "vgg16": (0.80, 0.55),
    "vgg16_transfer": (0.71, 0.66),
    "vgg16_fine_tune": (0.91, 0.80),
    "vgg16_cifar10": (0.88, 0.74),
    "long_name": (0.74, 0.65),
}
SEARCHES = {
    "hand": ("Candidates by hand", "hand"),
    "autokeras": ("AutoKeras", "autokeras"),
    "random": ("Random search", "random"),
    "default": ("AutoKeras's defaults", "default"),
}
BUDGET = {
    "rounds": 3,
    "trials_per_round": 2,
    "device_seconds": 120,
    "training": {
        "epochs": 3,
        "pictures": None,
        "flops": 2e12,
        "seconds": 40,
        "max_parameters": 1_000_000,
        "memory_mb": None,
    },
}
FAMILIES = {
    "transfer": [
        ["vgg16_transfer", "vgg16_cifar10"],
        ["vgg16_fine_tune", "vgg16_cifar10"],
        ["vgg16_transfer", "vgg16_fine_tune"],
    ],
    "searches": [["autokeras", "keras_cnn"]],
    "recipes": [["long_name", "keras_cnn"]],
}
IMPROVES = {"long_name": "keras_cnn"}
ORACLES = {"autokeras": "bayesian"}
CANDIDATE = {"network": {"maps": [16, 32]}, "training": {"optimizer": "sgd"}}
DECLARED = ({"space": {"blocks": ["conv"], "augment": [False]}}, {"candidates": [CANDIDATE] * 5})
SOFTWARE = {"python": "3.11.9", "keras": "3.12.4", "backend": "tensorflow", "numpy": "2.4.0"}
HARDWARE = {
    "cpu": "A processor with a long name @ 2.10GHz",
    "cores": 2,
    "memory_gb": 8.0,
    "device": "cpu",
    "platform": "Linux-6.1-x86_64",
}


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def study(seeds: tuple[int, ...] = SEEDS) -> dict[str, Any]:
    """What the report is told of the configuration."""
    return {
        "title": "By hand, pretrained or searched?",
        "subtitle": "A reproducible comparison",
        "authors": ["An author", "Zoë & another"],
        "paper": "a4",
        "scale": "demo",
        "bundle": None,
        "seeds": list(seeds),
        "margin": 0.02,
        "families": copy.deepcopy(FAMILIES),
        "datasets": {
            "tiny_imagenet": {"title": "Tiny ImageNet"},
            "cifar10": {"title": "CIFAR-10"},
        },
        "experiments": {
            name: {
                "title": title,
                "role": role,
                "number": number,
                "script": script,
                "improves": IMPROVES.get(name),
            }
            for name, (title, role, number, _, script, _) in TITLES.items()
        },
        "searches": {
            name: {
                "title": title,
                "dataset": "tiny_imagenet",
                "proposer": proposer,
                "oracle": ORACLES.get(proposer),
                "initial_points": 2 if proposer in ORACLES else None,
                "seeds": [1],
                "declared": DECLARED[proposer == "hand"],
                "budget": BUDGET,
            }
            for name, (title, proposer) in SEARCHES.items()
        },
    }


def inputs(root: Path, seeds: tuple[int, ...] = SEEDS) -> dict[str, Any]:
    """The arguments of `Evidence.read` for what `write` wrote under `root`; it is examined here."""
    settings = study(seeds)
    runs = [root / "runs" / name / f"seed-{seed}" for name in TITLES for seed in seeds]
    files = SimpleNamespace(
        summaries=[str(root / "experiments" / f"{name}.json") for name in TITLES],
        data=[str(root / "data" / name / "dataset.json") for name in settings["datasets"]],
        ledgers=[str(root / "searches" / name / "ledger.csv") for name in SEARCHES],
        best=[str(root / "searches" / name / "seed-1" / "best.json") for name in SEARCHES],
        examination=str(root / "examination.json"),
        development=str(root / "development.csv"),
        original="report/original.yaml",
        anchors="report/anchors.yaml",
        earlier="report/earlier.yaml",
    )
    predictions = [str(folder / "predictions.npz") for folder in runs]
    write_json(
        root / "examination.json", examine(settings, files.summaries, files.data, predictions)
    )
    return {"study": settings, "files": files}


def write(
    root: Path, source: str = "generated", seeds: tuple[int, ...] = SEEDS, classes: int = 12
) -> Path:
    """Write data sets, experiments, predictions and ledgers under `root`.

    `classes` are those of Tiny ImageNet.
    """
    generator = np.random.default_rng(0)
    for name, number, size in (("tiny_imagenet", classes, 64), ("cifar10", 10, 32)):
        write_dataset(root / "data" / name, name, number, size, source, generator)
    for search, (_, proposer) in SEARCHES.items():
        write_search(root / "searches" / search, search, proposer, generator)
    for name in TITLES:
        write_experiment(root, name, source, seeds, generator)
    write_development(root)
    return root


def write_development(root: Path) -> None:
    """Two tries of a recipe, of which one diverged, and on a GPU one of AutoKeras's space."""
    ledger = pd.read_csv(root / "searches" / "hand" / "ledger.csv").head(2)
    ledger["search"], ledger["score"] = "develop_alexnet", [0.25, np.nan]
    ledger["status"] = ["completed", "diverged"]
    of_space = pd.read_csv(root / "searches" / "autokeras" / "ledger.csv").head(1)
    ledger = pd.concat([ledger, of_space.assign(search="develop_autokeras", device="gpu")])
    ledger.to_csv(root / "published.csv", index=False)
    tries_for(root / "published.csv", TITLES).to_csv(root / "development.csv", index=False)


def write_json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1))


def write_dataset(
    folder: Path, name: str, classes: int, source_size: int, source: str, generator: Any
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    counts = {"train": 24, "selection": 4, "test": 6}
    boxes, files, splits = {}, {}, {}
    for split, per_class in counts.items():
        labels = np.repeat(np.arange(classes, dtype=np.int32), per_class)
        hue = np.linspace(40, 215, classes)[labels]
        images = generator.integers(0, 60, (len(labels), 32, 32, 3))
        images[:, 8:24, 6:22, 0] = hue[:, None, None]
        images[:, 8:24, 6:22, 2] = 255 - hue[:, None, None]
        np.save(folder / f"{split}_images.npy", images.astype(np.uint8))
        np.save(folder / f"{split}_labels.npy", labels)
        scale = source_size // 32
        box = np.array([6, 8, 21, 23]) * scale if name == "tiny_imagenet" else np.full(4, -1)
        boxes[split] = np.tile(box, (len(labels), 1)).astype(np.int16)
        files[split] = np.array([f"{split}_{i}.JPEG" for i in range(len(labels))])
        splits[split] = {
            "pictures": len(labels),
            "per_class": [per_class] * classes,
            "grey": 3,
            "digest": digest(split),
        }
    unlabelled = 5 if name == "tiny_imagenet" else 0
    np.save(folder / "unlabelled_images.npy", np.zeros((unlabelled, 32, 32, 3), np.uint8))
    files["unlabelled"] = np.array([f"test_{i}.JPEG" for i in range(unlabelled)])
    np.savez(folder / "boxes.npz", **boxes)
    np.savez(folder / "sources.npz", **files)
    write_json(
        folder / "dataset.json",
        {
            "schema": 1, "name": name, "title": study()["datasets"][name]["title"],
            "format": name, "source": source, "image_size": 32,
            "source_size": [source_size, source_size], "resize_filter": "box",
            "classes": [{"name": f"n{i:08d}", "title": f"class {i}, its other name"}
                        for i in range(classes)],
            "splits": splits, "unlabelled": unlabelled,
            "mean": [0.48, 0.45, 0.40], "std": [0.28, 0.27, 0.28],
            "pca": {"eigenvalues": [0.2, 0.02, 0.01], "eigenvectors": np.eye(3).tolist()},
            "duplicates": {
                "across": [{"splits": ["train", "test"],
                            "sources": [["train", "train_0.JPEG"], ["test", "test_1.JPEG"]]}],
                "across_count": 1, "within_count": 2,
            },
            "settings": {"name": name, "image_size": 32, "selection_fraction": 0.1,
                         "train_pictures_per_class": None, "seed": 1},
            "code": {"digest": digest("code"), "modules": {}},
            "digest": digest(name), "seconds": 2.5,
        },
    )  # fmt: skip


def layer(name: str, kind: str, output: list[int], parameters: int, **more: Any) -> dict[str, Any]:
    row = {"name": name, "type": kind, "output": output, "kernel": None, "pool": None}
    return row | {"parameters": parameters, "trainable": parameters > 0} | more


def vgg16_table(classes: int) -> list[dict[str, Any]]:
    rows, size, depth = [layer("standardise", "Normalization", [32, 32, 3], 7)], 32, 3
    for block, (maps, count) in enumerate(VGG16_BLOCKS, start=1):
        for number in range(1, count + 1):
            name, weights = f"block{block}_conv{number}", 9 * depth * maps + maps
            rows.append(layer(name, "Conv2D", [size, size, maps], weights, kernel="3x3"))
            depth = maps
        size //= 2
        name, output = f"block{block}_pool", [size, size, maps]
        rows.append(layer(name, "MaxPooling2D", output, 0, pool="2x2"))
    rows.append(layer("flatten", "Flatten", [512], 0))
    for number, (inputs, units) in enumerate(((512, 4096), (4096, 4096)), start=1):
        rows.append(layer(f"dense_{number}", "Dense", [units], (inputs + 1) * units))
        rows.append(layer(f"dropout_{number}", "Dropout", [units], 0))
    return [*rows, layer("probabilities", "Dense", [classes], 4097 * classes)]


def network(classes: int) -> dict[str, Any]:
    table = vgg16_table(classes)
    parameters = sum(row["parameters"] for row in table)
    return {
        "parameters": parameters,
        "trainable_parameters": parameters - 7,
        "layers": len(table),
        "weight_layers": 16,
        "flops": 627_000_000,
        "table": table,
    }


def history(train: float, selection: float, epochs: int = 8) -> dict[str, list[float]]:
    progress = 1 - np.exp(-np.arange(1, epochs + 1) / 2.5)
    rows = {
        "epoch": np.arange(1, epochs + 1),
        "seconds": 4.0 * np.arange(1, epochs + 1),
        "learning_rate": np.full(epochs, 0.01),
        "train_top1": train * progress,
        "train_loss": 2.4 - 1.8 * train * progress,
        "selection_top1": selection * progress,
        "selection_loss": 2.4 - 1.6 * selection * progress,
    }
    return {name: column.tolist() for name, column in rows.items()}


def write_experiment(
    root: Path, name: str, source: str, seeds: tuple[int, ...], generator: Any
) -> None:
    title, role, number, dataset, script, start = TITLES[name]
    classes = 12 if dataset == "tiny_imagenet" else 10
    train, test = MEASURED[name]
    runs = []
    for seed in seeds:
        shift = 0.012 * (seed - 1.5)
        folder = root / "runs" / name / f"seed-{seed}"
        folder.mkdir(parents=True, exist_ok=True)
        labels = np.repeat(np.arange(classes, dtype=np.int32), 6)
        given = log_probabilities(generator.dirichlet(np.full(classes, 0.3), len(labels)))
        stored = Stored(given, labels, np.zeros(5, np.int32))
        write_stored(folder / "predictions.npz", stored)
        runs.append(run(name, seed, train + shift, test + shift))
    searched = {"keras_cnn": "hand", "autokeras": "autokeras"}.get(name)
    write_json(
        root / "experiments" / f"{name}.json",
        {
            "schema": 2, "experiment": name, "number": number, "title": title, "role": role,
            "dataset": dataset, "generated": source == "generated",
            "start": {
                "provenance": "scratch" if start == "scratch" else "study", "name": start,
                "digest": None if start == "scratch" else digest(start),
            },
            "settings": {
                "name": name, "script": script, "scale": "demo", "start": start,
                "dataset": {"name": dataset, "source": source, "image_size": 32, "seed": 1},
                "network": {"width": 0.25 if script == "vgg16" else 1, "frozen_blocks": 3,
                            "batch_normalization": False},
                "training": {"epochs": 8, "batch_size": 64, "optimizer": "sgd",
                             "learning_rate": 0.01, "pictures": None,
                             "flip_test": False, "shift_test": 0,
                             "augmentation": {"flip": True, "translate": 2, "pca_colour": 0.1}},
            },
            "choice": {"network": {}, "training": {}, "status": "proposed", "reason": None},
            "code": {"digest": digest("code"), "modules": {"imagestudy/training.py": digest("t")}},
            "data": {"name": dataset, "digest": digest(dataset), "source": source},
            "network": network(classes), "precision": "mixed_bfloat16",
            "runs": runs, "metrics": summarised(runs), "statuses": statuses(runs),
            "device_seconds": {"mean": 80.0, "total": 80.0 * len(runs)},
            "seconds": {"mean": 40.0, "total": 40.0 * len(runs)},
            "search": read_best(root, searched) if searched else None,
        },
    )  # fmt: skip


def run(name: str, seed: int, train: float, test: float) -> dict[str, Any]:
    def of(value: float, pictures: int) -> dict[str, Any]:
        return {"pictures": pictures, "top1": value, "top5": min(1, value + 0.25), "loss": 1.3}

    return {
        "schema": 1, "kind": "run", "experiment": name, "seed": seed, "scale": "demo",
        "status": "at_chance" if name == "alexnet" and seed == 2 else "completed", "error": None,
        "metrics": {"train": of(train, 288), "selection": of(test + 0.02, 48),
                    "test": of(test, 72), "running_train_top1": train - 0.03},
        "epochs": 8, "best_epoch": 7, "history": history(train, test),
        "seconds": {"total": 40.0, "start": 6.0, "training": 32.0, "evaluation": 2.0},
        "device_seconds": 80.0, "threads": 2, "threads_used": 1, "peak_memory_mb": 812.0,
        "software": SOFTWARE, "hardware": HARDWARE, "commit": digest("commit")[:40],
        "finished": "2025-01-02T03:04:05+00:00", "path": f"runs/{name}/seed-{seed}",
    }  # fmt: skip


def statuses(runs: list[dict[str, Any]]) -> dict[str, int]:
    found = [each["status"] for each in runs]
    return {status: found.count(status) for status in sorted(set(found))}


def end(path: Path, status: str, error: str | None = None) -> None:
    """Let all runs of the experiment's result file end so; `failed` leaves no network."""
    summary = json.loads(path.read_text())
    for each in summary["runs"]:
        each |= {"status": status, "error": error}
        if status == "failed":
            each |= {"metrics": None, "best_epoch": 0, "epochs": 0}
    if status == "failed":
        summary["network"] = None
        for predictions in path.parent.parent.glob(f"runs/{path.stem}/*/predictions.npz"):
            none = np.zeros(0, np.int32)
            write_stored(predictions, Stored(np.zeros((0, 1), np.float16), none, none))
        for metric in summary["metrics"].values():
            metric |= {"mean": None, "spread": None, "n": 0, "values": [], "pictures": 0}
    write_json(path, summary | {"statuses": statuses(summary["runs"])})


def summarised(runs: list[dict[str, Any]]) -> dict[str, Any]:
    summary = {}
    for split in ("train", "selection", "test"):
        for metric in ("top1", "top5", "loss"):
            values = [run["metrics"][split][metric] for run in runs]
            summary[f"{split}_{metric}"] = metric_of(values, runs[0]["metrics"][split]["pictures"])
    values = [run["metrics"]["running_train_top1"] for run in runs]
    return summary | {"running_train_top1": metric_of(values, 288)}


def metric_of(values: list[float], pictures: int) -> dict[str, Any]:
    spread = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return {
        "mean": float(np.mean(values)), "spread": spread, "n": len(values), "values": values,
        "pictures": pictures,
    }  # fmt: skip


def write_search(folder: Path, search: str, proposer: str, generator: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    trials = 1 if proposer == "default" else 5
    scores = np.sort(generator.uniform(0.3, 0.6, trials))
    seconds = generator.uniform(8, 30, trials)
    failed = np.arange(trials) == 2
    rows = {
        "search": search, "proposer": proposer, "oracle": ORACLES.get(proposer), "seed": 1,
        "round": np.arange(trials) // 2 + 1, "trial": np.arange(trials) % 2 + 1,
        "status": np.where(failed, "failed", "completed"), "error": np.where(failed, "memory", ""),
        "score": np.where(failed, np.nan, scores), "parameters": 50_000, "layers": 14,
        "flops": 2e7, "epochs": 3, "seconds": seconds, "start_seconds": 4.0,
        "steps_seconds": seconds - 6, "device_seconds": 2 * seconds,
        "cumulative_device_seconds": np.cumsum(2 * seconds),
        "best_so_far": np.maximum.accumulate(scores), "device": "cpu", "peak_memory_mb": 700,
        "batch_size": 64, "optimizer": "sgd", "learning_rate": 0.01,
        "hyperparameters": json.dumps(CANDIDATE if proposer == "hand" else {}),
        "settings_digest": digest("s"), "code_digest": digest("c"),
        "data_digest": digest("d"),
    }  # fmt: skip
    ledger = pd.DataFrame(rows)
    ledger.to_csv(folder / "ledger.csv", index=False)
    write_json(
        folder / "seed-1" / "best.json",
        {
            "schema": 1, "search": search, "proposer": proposer, "oracle": ORACLES.get(proposer),
            "seed": 1, "dataset": "tiny_imagenet",
            "status": "proposed", "trial": 1, "round": 3, "score": float(scores[-1]),
            "network": {"maps": [32, 64]}, "training": {"learning_rate": 0.01},
            "trials": trials, "completed": int(trials - failed.sum()),
            "device_seconds": float(2 * seconds.sum()), "seconds": float(seconds.sum()),
            "declared_candidates": trials if proposer == "hand" else None,
        },
    )  # fmt: skip


def read_best(root: Path, search: str) -> dict[str, Any]:
    return json.loads((root / "searches" / search / "seed-1" / "best.json").read_text())
