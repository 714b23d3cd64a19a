"""One run: a network, trained with one experiment's settings and one seed, becomes a result.

A trial of a search is a run at the trial budget that is scored on the selection split alone.
"""

import shutil
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from imagestudy import device, evaluation, failures, provenance, training
from imagestudy.checkpoints import Checkpoint
from imagestudy.data import SPLITS, Dataset, Split, open_dataset
from imagestudy.disks import is_of_disk
from imagestudy.engine import CHOSEN, read_engine
from imagestudy.errors import StudyError
from imagestudy.gpus import hide, require_found
from imagestudy.inputs import Inputs, inputs_of, whole
from imagestudy.lean import keras
from imagestudy.merging import merged
from imagestudy.networks.description import describe
from imagestudy.recording import Record
from imagestudy.results import choice_of, read_record
from imagestudy.sources import IMAGENET
from imagestudy.spent import Spent
from imagestudy.weights import is_of_no_network, load_start


class Run:
    """What an experiment's script works with: settings, data, the start, and `train`."""

    def __init__(
        self,
        settings: dict[str, Any],
        code: dict[str, Any],
        checkpoints: str,
        threads: int,
        gpus: int,
        inputs: dict[str, str],
        outputs: dict[str, str],
        waited: float = 0.0,
    ) -> None:
        """`threads` and `gpus`: how many this job was lent.

        `checkpoints`: a folder for this run alone, which is removed when the run has its result.
        `inputs`: `data` (dataset.json); where they apply `engine`, `start`, `best`, `proposals`.
        `outputs`: see `Record`. `waited`: seconds of this process that are not the run's.
        """
        self._settings = settings
        self._checkpoints = Path(checkpoints)
        self._gpus = gpus
        self._inputs = {name: Path(path) for name, path in inputs.items()}
        self._choice = self._chosen()
        effective = merged(settings, {k: self._choice[k] for k in ("network", "training")})
        self.start: str = settings["start"]
        self.seed: int = settings["seed"]
        self.network: dict[str, Any] = effective["network"]
        self.training: dict[str, Any] = effective["training"]
        self.data: Dataset = open_dataset(self._inputs["data"].parent)
        engine = self._engine(threads)
        self._described: dict[str, Any] | None = None
        self._started: keras.Model | None = None
        self._record = Record(
            {name: Path(path) for name, path in outputs.items()},
            settings,
            self._choice,
            code,
            self.data,
            threads,
            gpus,
            engine["precision"],
            engine["compiled"],
            engine["threads"],
            waited=waited,
        )
        self._record.take_back()

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
        wrong in a trial is recorded as a failed trial; in a run it is raised, but for memory that
        ran out: that is a result too.
        """
        self._perform(experiment)
        # What was left there under other settings or code as well. On a network disk a file that is
        # still mapped cannot be removed, which is no reason to fail.
        shutil.rmtree(self._checkpoints, ignore_errors=True)

    def _perform(self, experiment: Callable[["Run"], None]) -> None:
        if self._choice["status"] == "skipped":
            return self._record.write_unfinished("skipped", self._choice["reason"])
        if self._choice["status"] == "failed":
            return self._record.write_unfinished("failed", self._choice["reason"])
        if "start" in self._inputs and is_of_no_network(self._inputs["start"]):
            reason = f"{self.start}, which it starts from, ended without a network"
            return self._record.write_unfinished("failed", reason)
        if self._record.is_export:
            hide()
        device.prepare(
            self._record.threads_used,
            self._record.precision,
            self._settings["seed"],
            self._record.compiled,
        )
        if self._gpus:
            require_found(device.kind())
        # ASSUME: all its processes had as many threads as this one, where it was begun with others.
        path = self._checkpoints / f"{self._key()}.spent"
        with Spent(path, self._record.seconds, provenance.peak_memory_mb) as spent:
            self._record.earlier = spent.earlier
            self._record.earlier_memory = spent.most_memory
            failure = failures.of_earlier(
                spent.most_memory, spent.crash, self.training, self._record.is_trial
            )
            if failure:
                return self._record.write_unfinished("failed", failure)
            self._attempt(experiment)
            # Before what was spent is forgotten: nothing goes on from there without it.
            for checkpoint in self._checkpoints.glob("*.npz"):
                checkpoint.unlink()
            return None

    def _attempt(self, experiment: Callable[["Run"], None]) -> None:
        try:
            experiment(self)
        except StudyError:
            raise
        except Exception as error:
            is_result = self._record.is_trial or failures.is_out_of_memory(error)
            if not is_result or is_of_disk(error):
                raise
            traceback.print_exc()
            failure = failures.of_exception(error, self._described is not None)
            self._record.write_unfinished("failed", failure, network=self._described)

    def load_start(self, base: keras.Model) -> None:
        """Give `base` the weights that the settings' `start` names, and record where from."""
        self._record.start = load_start(base, self.start, self._inputs["start"])
        self._started = base

    def train(self, network: keras.Model) -> None:
        """Train `network`, evaluate it and write the result; or only save it, as it was asked.

        A result of the same making that is there already is kept. It was written by a process that
        went on when what had started it was killed.
        """
        if self._record.is_export:
            return self._record.write_network(network)
        if self._record.is_written():
            return print("an earlier process has finished this; its result is kept")
        described = self._described = describe(network)
        failure = failures.of_network(described, self.training)
        if failure:
            return self._record.write_unfinished("failed", failure, network=described)
        record = self._record
        arithmetic = [record.precision, record.compiled, record.threads_used]
        key = self._key(*arithmetic, record.start)
        checkpoint = Checkpoint(self._checkpoints, key)
        network.compile(jit_compile=device.jit_compile())
        seed, built = self._settings["seed"], self._record.seconds()
        features = self._checkpoints / f"{key}.features"
        inputs = inputs_of(network, self._splits(), self.training, self.data, seed, features)
        # Counted to the training: without frozen layers it would be in each epoch.
        caching = self._record.seconds() - built
        fitted = training.fit(
            inputs.trained,
            inputs.train,
            inputs.selection,
            self.training,
            self.data.description["pca"],
            seed,
            checkpoint,
            slow=self.came_with_start,
        )
        ended = self._record.seconds()
        begun = ended - (fitted.seconds - fitted.earlier_seconds)
        found = {
            "network": described,
            "batch_size": min(self.training["batch_size"], len(inputs.train[1])),
            "epochs": fitted.epochs,
            "steps": fitted.step,
            "seconds": {
                "start": round(begun - caching, 2),
                "training": round(fitted.seconds + caching, 2),
                "steps": round(fitted.step_seconds, 2),
                "waiting": round(fitted.waiting_seconds, 2),
                "scoring": round(fitted.scoring_seconds, 2),
                "saving": round(fitted.saving_seconds, 2),
            },
        }
        failure = failures.of_training(fitted.status, self.training, self._record.is_trial)
        if not failure:
            evaluated = self._evaluate(network, inputs, fitted)
            found["seconds"]["evaluation"] = round(self._record.seconds() - ended, 2)
            # As for a process that was killed in its evaluation, and starts again.
            failure = failures.of_memory(provenance.peak_memory_mb(), self.training)
        if failure:
            self._record.write_unfinished("failed", failure, **found)
        else:
            self._record.write_result(found | evaluated)
        return None

    @property
    def came_with_start(self) -> list[keras.Variable]:
        """The trainable variables that the start gave, none where there is no start."""
        return self._started.trainable_variables if self._started else []

    @property
    def seconds_left(self) -> float:
        """How long this process may go on before the settings' `device_seconds` are spent.

        A search that begins again, since a process before was killed, has all of them again.
        """
        return self._settings["device_seconds"] / self._record.devices - self._record.seconds()

    @property
    def scratch(self) -> Path:
        """A folder for what is needed while the run lasts."""
        return self._checkpoints

    def record(
        self, network: keras.Model | None, fitted: training.Training, own_search: dict[str, Any]
    ) -> None:
        """Evaluate `network`, found and trained by a search of its own, and write the result.

        `own_search` is what the result says of that search, but for what it cost. Without a
        network the run has failed.
        """
        ended = self._record.seconds()
        own_search["device_seconds"] = round(ended * self._record.devices, 2)
        seconds = {
            "start": round(ended - fitted.seconds, 2),
            "training": round(fitted.seconds, 2),
        }
        if network is None:
            spent = self._settings["device_seconds"]
            message = f"no trial of its search had a score within {spent} device-seconds"
            return self._record.write_unfinished(
                "failed", message, seconds=seconds, own_search=own_search
            )
        if own_search["pretrained"]:
            self._record.start = {"provenance": IMAGENET, "name": IMAGENET, "digest": None}
        network.compile(jit_compile=device.jit_compile())
        inputs = whole(network, self._splits(), self.training)
        found = self._evaluate(network, inputs, fitted)
        found["seconds"] = seconds | {"evaluation": round(self._record.seconds() - ended, 2)}
        self._record.write_result(found | {"network": describe(network), "own_search": own_search})
        return None

    def split(self, name: str) -> Split:
        """The pictures of a split, those for training as many as the settings say."""
        split = self.data.split(name)
        pictures = self.training["pictures"]
        if name == "train" and pictures and pictures < len(split.labels):
            return split.first_per_class(max(1, pictures // len(self.data.classes)))
        return split

    def _splits(self) -> dict[str, Split]:
        names = ("train", "selection") if self._record.is_trial else SPLITS
        return {name: self.split(name) for name in names}

    def _chosen(self) -> dict[str, Any]:
        """What a search chose for this run: the network and training of a proposal."""
        if "proposals" not in self._inputs:
            return choice_of(read_record(self._inputs["best"]) if "best" in self._inputs else None)
        proposal = read_record(self._inputs["proposals"])["trials"][self._settings["trial"] - 1]
        return {key: proposal[key] for key in ("network", "training", "status", "reason")}

    def _engine(self, threads: int) -> dict[str, Any]:
        """Precision, compilation and threads: those of the settings, else what the probe found."""
        found = read_engine(self._inputs["engine"]) if "engine" in self._inputs else {}
        wanted = {key: self.training[key] for key in CHOSEN}
        chosen = {key: found[key] if way == "auto" else way for key, way in wanted.items()}
        return chosen | {"threads": min(threads, chosen["threads"] or threads)}

    def _key(self, *more: Any) -> str:
        """Names files of this run, made as it is now, and by `more`."""
        code, data = self._record.code["digest"], self.data.digest
        made_with = [self._settings, self._choice, code, data, *more]
        return provenance.digest(made_with)[:16]

    def _evaluate(
        self, network: keras.Model, inputs: Inputs, fitted: training.Training
    ) -> dict[str, Any]:
        """The trained network's metrics on every split, a trial's on selection pictures alone.

        A run's other files are written.
        """
        metrics, given = {}, {}
        for split in ("selection",) if self._record.is_trial else SPLITS:
            images, labels = inputs.scored[split]
            given[split] = self._probabilities(inputs.scorer, images)
            metrics[split] = evaluation.metrics(given[split], labels)
        metrics["running_train_top1"] = fitted.history[fitted.best_epoch - 1]["train_top1"]
        if not self._record.is_trial:
            self._record.write_history(fitted.history)
            self._record.write_predictions(
                given["test"], inputs.scored["test"][1], self._classes_of_unlabelled(network)
            )
            self._record.write_network(network)
        return {
            "status": self._status(fitted.status, metrics["selection"]),
            "error": failures.TIME if fitted.status == "stopped" else None,
            "metrics": metrics,
            "score": metrics["selection"]["top1"],
            "epochs": fitted.epochs,
            "best_epoch": fitted.best_epoch,
        }

    def _classes_of_unlabelled(self, network: keras.Model) -> np.ndarray:
        pictures = self.data.unlabelled
        if not len(pictures):
            return np.zeros(0, np.int32)
        return self._probabilities(network, pictures).argmax(axis=1)

    def _probabilities(self, network: keras.Model, images: np.ndarray) -> np.ndarray:
        flip, shift = self.training["flip_test"], self.training["shift_test"]
        return evaluation.probabilities(network, images, flip=flip, shift=shift)

    def _status(self, status: str, selection: dict[str, Any]) -> str:
        """A run that learned nothing says so; of a trial its score says it."""
        if self._record.is_trial or status == "diverged":
            return status
        guessing = evaluation.at_chance(selection["top1"], self.data.split("selection").labels)
        return "at_chance" if guessing else status
