"""One run: a network, trained with one experiment's settings and one seed, becomes a result.

A trial of a search is a run at the trial budget that is scored on the selection split alone.
"""

import os
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import psutil

from imagestudy import device, evaluation, frozen, provenance, training
from imagestudy.checkpoints import Checkpoint
from imagestudy.data import Dataset, Split, open_dataset
from imagestudy.errors import StudyError
from imagestudy.merging import merged
from imagestudy.networks.description import describe
from imagestudy.results import SCHEMA, choice_of, read_json, write_json
from imagestudy.sources import SCRATCH
from imagestudy.weights import load_start

HISTORY = [
    "epoch",
    "seconds",
    "learning_rate",
    "train_top1",
    "train_loss",
    "selection_top1",
    "selection_loss",
]


class Run:
    """What an experiment's script works with: settings, data, the start, and `train`."""

    def __init__(
        self,
        settings: dict[str, Any],
        code: dict[str, Any],
        checkpoints: str,
        threads: int,
        inputs: dict[str, str],
        outputs: dict[str, str],
    ) -> None:
        """`inputs`: `data` (dataset.json), and where they apply `start`, `best`, `proposals`.

        `outputs`: `result`, and for a run `history`, `predictions` and `network`.
        """
        self._settings = settings
        self._code = code
        self._threads = threads
        self._checkpoints = Path(checkpoints)
        self._inputs = {name: Path(path) for name, path in inputs.items()}
        self._outputs = {name: Path(path) for name, path in outputs.items()}
        self._choice = self._chosen()
        self._start: dict[str, Any] = {"provenance": SCRATCH, "name": SCRATCH, "digest": None}
        effective = merged(settings, {k: self._choice[k] for k in ("network", "training")})
        self.seed: int = settings["seed"]
        self.start: str = settings["start"]
        self.network: dict[str, Any] = effective["network"]
        self.training: dict[str, Any] = effective["training"]
        self.data: Dataset = open_dataset(self._inputs["data"].parent)

    @property
    def statistics(self) -> dict[str, Any]:
        """Mean and standard deviation of the training pictures' channels, as fractions of 1."""
        return {key: self.data.description[key] for key in ("mean", "std")}

    @property
    def shape(self) -> dict[str, Any]:
        """What every network is told of the data: `image_shape`, `classes`, `statistics`."""
        return {
            "image_shape": tuple(self.data.image_shape),
            "classes": len(self.data.classes),
            "statistics": self.statistics,
        }

    def perform(self, experiment: Callable[["Run"], None]) -> None:
        """Do the experiment: `experiment(self)` builds a network and hands it to `train`.

        A skipped trial, and a search that found nothing, are recorded and cost nothing. What goes
        wrong in a trial is recorded as a failed trial; in a run it is raised.
        """
        if self._choice["status"] == "skipped":
            return self._write({"status": "skipped", "error": self._choice["reason"]})
        if self._choice["status"] == "failed":
            return self._write({"status": "failed", "error": "the search found no network"})
        device.prepare(self._threads, self.training["precision"], self.seed)
        if not self._is_trial:
            return experiment(self)
        try:
            return experiment(self)
        except StudyError:
            raise
        except Exception as error:
            traceback.print_exc()
            message = f"{type(error).__name__}: {error}".splitlines()[0][:300]
            return self._write({"status": "failed", "error": message})

    def load_start(self, base: keras.Model) -> None:
        """Give `base` the weights that the settings' `start` names, and record where from."""
        self._start = load_start(base, self.start, self._inputs["start"])

    def train(self, network: keras.Model) -> None:
        """Train `network`, evaluate it and write the result."""
        described = describe(network)
        limit = self.training["max_parameters"]
        if limit and described["parameters"] > limit:
            message = f"oversized: {described['parameters']} parameters, at most {limit}"
            return self._write({"status": "failed", "error": message, "network": described})
        checkpoint = Checkpoint(self._checkpoints, self._key())
        with checkpoint.held():
            before = _seconds_of_process()
            trained, inputs, fitted = self._fit(network, checkpoint)
            after = _seconds_of_process()
            self._finish(network, trained, inputs, fitted, described, before, after)
            checkpoint.remove()
        return None

    def _fit(self, network: keras.Model, checkpoint: Checkpoint) -> tuple[Any, Any, Any]:
        splits = {name: self._split(name) for name in self._split_names}
        images = {name: split.images for name, split in splits.items()}
        labels = {name: split.labels for name, split in splits.items()}
        trained = network
        augmented = any(self.training["augmentation"].values())
        cut = None if augmented else frozen.cut(network)
        if cut:
            beginning, trained = cut
            images = {name: frozen.features(beginning, images[name]) for name in images}
        inputs = {name: (images[name], labels[name]) for name in images}
        fitted = training.fit(
            trained,
            inputs["train"],
            inputs["selection"],
            self.training,
            self.data.description["pca"],
            self.seed,
            checkpoint,
        )
        return trained, inputs, fitted

    @property
    def _is_trial(self) -> bool:
        return "proposals" in self._inputs

    @property
    def _split_names(self) -> tuple[str, ...]:
        return ("train", "selection") if self._is_trial else ("train", "selection", "test")

    def _split(self, name: str) -> Split:
        split = self.data.split(name)
        pictures = self.training["pictures"]
        if name == "train" and pictures and pictures < len(split.labels):
            return split.first_per_class(max(1, pictures // len(self.data.classes)))
        return split

    def _chosen(self) -> dict[str, Any]:
        """What a search chose for this run: the network and training of a proposal."""
        if not self._is_trial:
            return choice_of(read_json(self._inputs["best"]) if "best" in self._inputs else None)
        proposal = read_json(self._inputs["proposals"])["trials"][self._settings["trial"] - 1]
        return {key: proposal[key] for key in ("network", "training", "status", "reason")}

    def _key(self) -> str:
        made_with = [self._settings, self._choice, self._code["digest"], self.data.digest]
        return f"{self._settings['name']}-{self.seed}-{provenance.digest(made_with)[:16]}"

    def _finish(
        self,
        network: keras.Model,
        trained: keras.Model,
        inputs: dict[str, Any],
        fitted: training.Training,
        described: dict[str, Any],
        before: float,
        after: float,
    ) -> None:
        """Evaluate the trained network on every split and write all files of the result."""
        metrics, given = {}, None
        for split, (images, labels) in inputs.items():
            if split == "train":
                images = images[: self.training["train_evaluation_pictures"]]
                labels = labels[: self.training["train_evaluation_pictures"]]
            given = evaluation.probabilities(trained, images)
            metrics[split] = evaluation.metrics(given, labels)
        best = fitted.history[fitted.best_epoch - 1]
        metrics["running_train_top1"] = best["train_top1"]
        status, chosen_on = fitted.status, metrics["selection"]
        if status != "diverged" and evaluation.at_chance(
            chosen_on["top1"], chosen_on["pictures"], len(self.data.classes)
        ):
            status = "at_chance"
        if not self._is_trial:
            self._write_history(fitted.history)
            self._write_predictions(given, inputs["test"][1], network)
            keras.Model(network.inputs, network.outputs, name=network.name).save(
                self._outputs["network"]
            )
        self._write(
            {
                "status": status,
                "metrics": metrics,
                "score": chosen_on["top1"],
                "epochs": fitted.epochs,
                "best_epoch": fitted.best_epoch,
                "network": described,
                "seconds": {
                    "start": round(before, 2),
                    "training": round(fitted.seconds, 2),
                    "evaluation": round(_seconds_of_process() - after, 2),
                    "earlier": round(fitted.earlier_seconds, 2),
                },
            }
        )

    def _write_history(self, rows: list[dict[str, float]]) -> None:
        pd.DataFrame(rows, columns=HISTORY).to_csv(self._outputs["history"], index=False)

    def _write_predictions(
        self, given: np.ndarray, labels: np.ndarray, network: keras.Model | None
    ) -> None:
        unlabelled = np.zeros(0, np.int32)
        pictures = self.data.unlabelled
        if network is not None and len(pictures):
            network.compile(jit_compile=device.jit_compile())
            unlabelled = evaluation.probabilities(network, pictures).argmax(axis=1)
        np.savez(
            self._outputs["predictions"],
            probabilities=given,
            labels=labels,
            unlabelled=unlabelled.astype(np.int32),
        )

    def _write(self, found: dict[str, Any]) -> None:
        """Write `result.json`: what was found, and everything it was made with."""
        if not self._is_trial and found["status"] == "failed":
            self._write_history([])
            empty = np.zeros((0, len(self.data.classes)), np.float32)
            self._write_predictions(empty, np.zeros(0, np.int32), None)
            self._outputs["network"].touch()
        # seconds of processes that were killed before the training had finished count too
        seconds = {"start": 0.0, "training": 0.0, "evaluation": 0.0, "earlier": 0.0}
        seconds |= found.pop("seconds", {})
        total = 0.0 if found["status"] == "skipped" else _seconds_of_process()
        seconds["total"] = round(total + seconds["earlier"], 2)
        nothing = {"error": None, "metrics": None, "score": None, "network": None}
        result = {
            "schema": SCHEMA,
            "kind": "trial" if self._is_trial else "run",
            "experiment": self._settings["name"],
            "seed": self.seed,
            "scale": self._settings["scale"],
            **nothing,
            "epochs": 0,
            "best_epoch": 0,
            **found,
            "settings": self._settings,
            "choice": self._choice,
            "code": self._code,
            "data": {
                "name": self.data.name,
                "digest": self.data.digest,
                "source": self.data.source,
            },
            "start": self._start,
            "seconds": seconds,
            "device_seconds": round(seconds["total"] * self._threads, 2),
            "threads": self._threads,
            "peak_memory_mb": provenance.peak_memory_mb(),
            "software": provenance.software(),
            "hardware": provenance.hardware() | device.description(),
            "precision": self.training["precision"],
            "commit": provenance.commit(),
            "finished": provenance.now(),
        }
        write_json(self._outputs["result"], result)


def _seconds_of_process() -> float:
    return time.time() - psutil.Process(os.getpid()).create_time()
