"""One run: a network, trained with one experiment's settings and one seed, becomes a result.

A trial of a search is a run at the trial budget that is scored on the selection split alone.
"""

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np

from imagestudy import device, evaluation, frozen, provenance, training
from imagestudy.checkpoints import Checkpoint
from imagestudy.data import Dataset, Split, open_dataset
from imagestudy.errors import StudyError
from imagestudy.merging import merged
from imagestudy.networks.description import describe
from imagestudy.recording import Record
from imagestudy.results import choice_of, read_json
from imagestudy.weights import load_start

Inputs = dict[str, tuple[np.ndarray, np.ndarray]]


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
        waited: float = 0.0,
    ) -> None:
        """`inputs`: `data` (dataset.json), and where they apply `start`, `best`, `proposals`.

        `outputs`: see `Record`. `waited`: seconds of this process that are not the run's.
        """
        self._settings = settings
        self._checkpoints = Path(checkpoints)
        self._inputs = {name: Path(path) for name, path in inputs.items()}
        self._choice = self._chosen()
        effective = merged(settings, {k: self._choice[k] for k in ("network", "training")})
        self.start: str = settings["start"]
        self.network: dict[str, Any] = effective["network"]
        self.training: dict[str, Any] = effective["training"]
        self.data: Dataset = open_dataset(self._inputs["data"].parent)
        self._record = Record(
            {name: Path(path) for name, path in outputs.items()},
            settings,
            self._choice,
            code,
            self.data,
            threads,
            self.training["precision"],
            waited=waited,
        )

    @property
    def shape(self) -> dict[str, Any]:
        """What every network is told of the data: `image_shape`, `classes`, `statistics`.

        `statistics` holds mean and standard deviation of the training pictures' channels, as
        fractions of 1.
        """
        return {
            "image_shape": tuple(self.data.image_shape),
            "classes": len(self.data.classes),
            "statistics": {key: self.data.description[key] for key in ("mean", "std")},
        }

    def perform(self, experiment: Callable[["Run"], None]) -> None:
        """Do the experiment: `experiment(self)` builds a network and hands it to `train`.

        A skipped trial, and a search that found nothing, are recorded and cost nothing. What goes
        wrong in a trial is recorded as a failed trial; in a run it is raised.
        """
        if self._choice["status"] == "skipped":
            return self._record.write_unfinished("skipped", self._choice["reason"])
        if self._choice["status"] == "failed":
            return self._record.write_unfinished("failed", "the search found no network")
        device.prepare(self._record.threads, self._record.precision, self._settings["seed"])
        if not self._record.is_trial:
            return experiment(self)
        try:
            return experiment(self)
        except StudyError:
            raise
        except Exception as error:
            traceback.print_exc()
            message = f"{type(error).__name__}: {error}".splitlines()[0][:300]
            return self._record.write_unfinished("failed", message)

    def load_start(self, base: keras.Model) -> None:
        """Give `base` the weights that the settings' `start` names, and record where from."""
        self._record.start = load_start(base, self.start, self._inputs["start"])

    def train(self, network: keras.Model) -> None:
        """Train `network`, evaluate it and write the result.

        A result of the same making that is there already is kept. It was written by a process that
        went on when what had started it was killed.
        """
        if self._record.is_written():
            return print("an earlier process has finished this; its result is kept")
        described = describe(network)
        limit = self.training["max_parameters"]
        if limit and described["parameters"] > limit:
            message = f"oversized: {described['parameters']} parameters, at most {limit}"
            return self._record.write_unfinished("failed", message, network=described)
        checkpoint = Checkpoint(self._checkpoints, self._key())
        started = self._record.seconds()
        trained, inputs = self._cut(network)
        fitted = training.fit(
            trained,
            inputs["train"],
            inputs["selection"],
            self.training,
            self.data.description["pca"],
            self._settings["seed"],
            checkpoint,
        )
        ended = self._record.seconds()
        found = self._evaluate(network, trained, inputs, fitted)
        found["seconds"] = {
            "start": round(started, 2),
            "training": round(fitted.earlier_seconds + ended - started, 2),
            "evaluation": round(self._record.seconds() - ended, 2),
            "earlier": round(fitted.earlier_seconds, 2),
        }
        self._record.write_result(found | {"network": described})
        checkpoint.remove()
        return None

    def _cut(self, network: keras.Model) -> tuple[keras.Model, Inputs]:
        """What has to be trained of `network`, and its inputs for each split.

        Where the network begins with frozen layers and pictures are not augmented, that is the
        rest of the network, and the outputs of the frozen layers.
        """
        names = ("train", "selection") if self._record.is_trial else ("train", "selection", "test")
        inputs = {}
        for name in names:
            split = self._split(name)
            inputs[name] = (split.images, split.labels)
        augmented = any(self.training["augmentation"].values())
        cut = None if augmented else frozen.cut(network)
        if cut is None:
            return network, inputs
        beginning, rest = cut
        return rest, {
            name: (frozen.features(beginning, images), labels)
            for name, (images, labels) in inputs.items()
        }

    def _split(self, name: str) -> Split:
        split = self.data.split(name)
        pictures = self.training["pictures"]
        if name == "train" and pictures and pictures < len(split.labels):
            return split.first_per_class(max(1, pictures // len(self.data.classes)))
        return split

    def _chosen(self) -> dict[str, Any]:
        """What a search chose for this run: the network and training of a proposal."""
        if "proposals" not in self._inputs:
            return choice_of(read_json(self._inputs["best"]) if "best" in self._inputs else None)
        proposal = read_json(self._inputs["proposals"])["trials"][self._settings["trial"] - 1]
        return {key: proposal[key] for key in ("network", "training", "status", "reason")}

    def _key(self) -> str:
        code, data = self._record.code["digest"], self.data.digest
        start = self._record.start
        made_with = provenance.digest([self._settings, self._choice, code, data, start])
        return f"{self._settings['name']}-{self._settings['seed']}-{made_with[:16]}"

    def _evaluate(
        self,
        network: keras.Model,
        trained: keras.Model,
        inputs: Inputs,
        fitted: training.Training,
    ) -> dict[str, Any]:
        """The trained network's metrics on every split; a run's other files are written."""
        metrics, given = {}, {}
        for split, (images, labels) in inputs.items():
            most = self.training["train_evaluation_pictures"] if split == "train" else None
            given[split] = evaluation.probabilities(trained, images[:most])
            metrics[split] = evaluation.metrics(given[split], labels[:most])
        metrics["running_train_top1"] = fitted.history[fitted.best_epoch - 1]["train_top1"]
        if not self._record.is_trial:
            self._record.write_history(fitted.history)
            self._record.write_predictions(
                given["test"], inputs["test"][1], self._classes_of_unlabelled(network)
            )
            self._record.write_network(network)
        return {
            "status": self._status(fitted.status, metrics["selection"]),
            "metrics": metrics,
            "score": metrics["selection"]["top1"],
            "epochs": fitted.epochs,
            "best_epoch": fitted.best_epoch,
        }

    def _classes_of_unlabelled(self, network: keras.Model) -> np.ndarray:
        pictures = self.data.unlabelled
        if not len(pictures):
            return np.zeros(0, np.int32)
        network.compile(jit_compile=device.jit_compile())
        return evaluation.probabilities(network, pictures).argmax(axis=1)

    def _status(self, status: str, selection: dict[str, Any]) -> str:
        guessing = evaluation.at_chance(selection["top1"], self.data.split("selection").labels)
        return "at_chance" if guessing and status != "diverged" else status
