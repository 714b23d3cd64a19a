"""AutoKeras as it comes: its own image classifier with its own search and training.

AutoKeras 3.0.0 has no time budget, so it is stopped from outside: a callback ends the epoch, and
the tuner starts no further trial. It keeps the weights of each trial's best epoch by the loss on
the selection pictures; as these are given, and no number of epochs, it trains its best network no
second time. Nothing of it is resumed: a killed run begins again.
"""

import collections
import math
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imagestudy.data import Split
from imagestudy.lean import keras, without_unused
from imagestudy.search.oracle import SEED_FOR_ZERO
from imagestudy.search.plain import plain
from imagestudy.training import Training

with without_unused():
    import autokeras
    from autokeras.tuners.task_specific import ImageClassifierTuner
    from keras_tuner import HyperParameters
    from keras_tuner.engine.trial import Trial, TrialStatus

LONGEST_ERROR = 300


class NothingScoredError(Exception):
    """No trial came as far as a loss on the selection pictures."""


class Budget(keras.callbacks.Callback):
    """Ends an epoch, and its validation, at the first step after `deadline`.

    `deadline` is a reading of the monotonic clock. An epoch whose validation was cut off does not
    count: its values are no numbers, which AutoKeras takes for the worst.
    """

    def __init__(self, deadline: float) -> None:
        super().__init__()
        self._deadline = deadline
        self._cut = False

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Stop training once the time is up."""
        if time.monotonic() >= self._deadline:
            self.model.stop_training = True

    def on_test_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Stop validating, and training, once the time is up."""
        if time.monotonic() >= self._deadline:
            self.model.stop_evaluating = self.model.stop_training = True
            self._cut = True

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Take back what was measured on a part of the selection pictures."""
        if self._cut:
            logs.update({name: float("nan") for name in logs if name.startswith("val_")})


class BudgetTuner(ImageClassifierTuner):
    """AutoKeras's tuner of image classifiers, with a deadline and a record of its trials."""

    def __init__(self, deadline: float, **options: Any) -> None:
        super().__init__(**options)
        self.deadline = deadline
        self.histories: dict[str, list[dict[str, float]]] = collections.defaultdict(list)
        self.cut: set[str] = set()
        self.fitted_again = False
        self._began = time.monotonic()
        # By default three failed trials in a row end the search.
        self.oracle.max_consecutive_failed_trials = None

    def pre_create_trial(self) -> None:
        """Let the oracle end the search once the time is up."""
        if time.monotonic() >= self.deadline:
            # 0 would be no limit.
            self.oracle.max_trials = max(1, len(self.oracle.trials))

    def on_trial_begin(self, trial: Trial) -> None:
        """Start the trial's clock."""
        self._began = time.monotonic()
        super().on_trial_begin(trial)

    def on_epoch_end(
        self, trial: Trial, model: keras.Model, epoch: int, logs: dict[str, Any] | None = None
    ) -> None:
        """Keep a row of the trial's history; a batch too large for the memory starts it again."""
        rows = self.histories[trial.trial_id]
        del rows[epoch:]
        names = {
            "train_top1": "accuracy",
            "train_loss": "loss",
            "selection_top1": "val_accuracy",
            "selection_loss": "val_loss",
        }
        rows.append(
            {
                "epoch": epoch + 1,
                "seconds": round(time.monotonic() - self._began, 3),
                "learning_rate": float(model.optimizer.learning_rate),
                **{ours: float(logs[theirs]) for ours, theirs in names.items()},
            }
        )

    def on_trial_end(self, trial: Trial) -> None:
        """Note whether the budget ended it."""
        if time.monotonic() >= self.deadline:
            self.cut.add(trial.trial_id)
        super().on_trial_end(trial)

    def on_search_end(self) -> None:
        """Say so where there is no network; AutoKeras would take that of a failed trial."""
        super().on_search_end()
        if not any(map(_scored, self.oracle.trials.values())):
            raise NothingScoredError

    def final_fit(self, **options: Any) -> Any:
        """Note that AutoKeras trains its best network again."""
        self.fitted_again = True
        return super().final_fit(**options)


def _scored(trial: Trial) -> bool:
    """Whether the trial left weights: AutoKeras keeps none where the loss was infinite."""
    return trial.status == TrialStatus.COMPLETED and math.isfinite(trial.score)


@dataclass(frozen=True)
class Found:
    """What AutoKeras exported: its best network, None where no trial had a score, and its making.

    `search` is the result's `own_search`, but for the device-seconds.
    """

    network: keras.Model | None
    training: Training
    search: dict[str, Any]


def search(train: Split, selection: Split, seed: int, seconds: float, folder: Path) -> Found:
    """Let AutoKeras search for `seconds`; meanwhile its trials' weights lie under `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as directory:
        return fit(classifier(seed, seconds, directory), train, selection)


def classifier(seed: int, seconds: float, directory: str) -> autokeras.ImageClassifier:
    """AutoKeras's image classifier with all its defaults, but for seed and deadline."""
    return autokeras.ImageClassifier(
        directory=directory,
        seed=seed or SEED_FOR_ZERO,
        tuner=BudgetTuner,
        deadline=time.monotonic() + seconds,
    )


def fit(chosen: autokeras.ImageClassifier, train: Split, selection: Split) -> Found:
    """Let `chosen` search, and export what it found best."""
    tuner = chosen.tuner
    began = time.monotonic()
    network, best = None, None
    try:
        chosen.fit(
            train.images,
            train.labels,
            validation_data=(selection.images, selection.labels),
            callbacks=[Budget(tuner.deadline)],
            verbose=2,
        )
    except NothingScoredError:
        print("no trial had a score", flush=True)
    else:
        best = tuner.oracle.get_best_trials(1)[0]
        network = plain(chosen.export_model())
    training = Training(
        history=tuner.histories[best.trial_id] if best else [],
        best_epoch=best.best_step + 1 if best else 0,
        seconds=time.monotonic() - began,
    )
    trials = [_row(tuner, tuner.oracle.trials[each]) for each in tuner.oracle.start_order]
    return Found(
        network,
        training,
        {
            "trials": trials,
            "best_trial": tuner.oracle.start_order.index(best.trial_id) + 1 if best else None,
            "pretrained": best is not None and pretrained(best.hyperparameters),
            "final_fit": tuner.fitted_again,
        },
    )


def _row(tuner: BudgetTuner, trial: Trial) -> dict[str, Any]:
    history = tuner.histories[trial.trial_id]
    completed = _scored(trial)
    cut = trial.trial_id in tuner.cut
    best = history[trial.best_step] if completed else {}
    return {
        "status": ("stopped" if cut else "completed") if completed else "failed",
        "error": None if completed else _error(trial, cut),
        "epochs": len(history),
        "selection_top1": best.get("selection_top1"),
        "selection_loss": best.get("selection_loss"),
        "hyperparameters": dict(trial.hyperparameters.values),
    }


def _error(trial: Trial, cut: bool) -> str:
    if trial.message:
        return trial.message.strip().splitlines()[-1][:LONGEST_ERROR]
    return "the time was up before an epoch ended" if cut else "its loss was no number"


def pretrained(hyperparameters: HyperParameters) -> bool:
    """Whether the network of these hyperparameters starts from ImageNet's weights."""
    return any(
        name.endswith("/pretrained") and value and hyperparameters.is_active(name)
        for name, value in hyperparameters.values.items()
    )
