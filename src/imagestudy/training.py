"""The one trainer of the study: every run and every trial goes through `fit`."""

import contextlib
import itertools
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from imagestudy import device, evaluation, interruptions, optimizers
from imagestudy.batches import steps_per_epoch
from imagestudy.checkpoints import Checkpoint
from imagestudy.epochs import Epochs
from imagestudy.lean import keras
from imagestudy.networks.description import describe
from imagestudy.provenance import peak_memory_mb
from imagestudy.schedule import learning_rate

CHECKPOINT_SECONDS = 60
# A checkpoint is not written before training has gone on so many times as long as the last took.
CHECKPOINT_SHARE = 100
# Of a training step to a forward pass: the gradients of outputs and of weights cost one each.
PASSES = 3


@dataclass
class Training:
    """How a training went, so far: what a checkpoint holds beside the weights.

    `step`: steps done, `scored`: those before the last scoring; `loss` and `right`: sums of the
    steps' loss and accuracy in this epoch.
    `seconds` counts all processes that worked on it, `earlier_seconds` those before this one;
    `step_seconds` are those in training steps, but for the calls of a process that had more of them
    than any before, which compile;
    `waiting_seconds` for data, `scoring_seconds` on the selection split, `saving_seconds` for
    checkpoints.
    """

    status: str = "completed"
    history: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = 0
    step: int = 0
    scored: int = 0
    loss: float = 0.0
    right: float = 0.0
    seconds: float = 0.0
    earlier_seconds: float = 0.0
    step_seconds: float = 0.0
    waiting_seconds: float = 0.0
    scoring_seconds: float = 0.0
    saving_seconds: float = 0.0

    @property
    def epochs(self) -> int:
        """Epochs trained, a last incomplete one counted."""
        return len(self.history)


def fit(
    network: keras.Model,
    train: tuple[list[np.ndarray], np.ndarray],
    selection: tuple[np.ndarray, np.ndarray],
    settings: dict[str, Any],
    pca: dict[str, Any],
    seed: int,
    checkpoint: Checkpoint,
    slow: list[keras.Variable] = (),
) -> Training:
    """Train `network` and leave it with the weights of its best epoch on `selection`.

    `train` and `selection` are inputs (uint8 pictures, or features of a frozen beginning) and int
    labels; those of `train` may have several views, of which each epoch sees the next. `settings`
    are those of a `training` block of the config; where its `flops` end the training within an
    epoch, the network is scored there too. `slow`: see `optimizers.build`. Status: `completed`;
    `stopped` where `settings["seconds"]` ran out; `diverged` where the loss was no longer finite;
    `out_of_memory` where the process took more than `settings["memory_mb"]`. On SIGTERM or Ctrl-C
    a checkpoint is written and the process ends.
    """
    with interruptions.noticed() as end_if_asked, device.faster_layers(network):
        one = _Fit(network, train, selection, settings, pca, seed, checkpoint, slow, end_if_asked)
        return one.run()


def planned_steps(settings: dict[str, Any], pictures: int, flops: int) -> int:
    """Steps of a training: all epochs', or as many as `settings["flops"]` allows; at least one.

    `flops` are those of a forward pass for one picture.
    """
    steps = settings["epochs"] * steps_per_epoch(pictures, settings["batch_size"])
    if not settings["flops"] or not flops:
        return steps
    of_a_step = PASSES * flops * min(settings["batch_size"], pictures)
    return max(1, min(steps, int(settings["flops"] // of_a_step)))


class _Fit:
    """One training, from wherever its checkpoint left it."""

    def __init__(
        self,
        network: keras.Model,
        train: tuple[list[np.ndarray], np.ndarray],
        selection: tuple[np.ndarray, np.ndarray],
        settings: dict[str, Any],
        pca: dict[str, Any],
        seed: int,
        checkpoint: Checkpoint,
        slow: list[keras.Variable],
        end_if_asked: Callable[[], None],
    ) -> None:
        self.network, self.settings = network, settings
        self.views, labels = train
        self.selection = selection
        self.checkpoint, self.end_if_asked = checkpoint, end_if_asked
        self.optimizer = optimizers.build(settings, network.trainable_variables, slow)
        network.compile(jit_compile=device.jit_compile())
        self.trained = Epochs(network, self.optimizer, labels, settings, pca, seed)
        self.per_epoch = steps_per_epoch(len(labels), settings["batch_size"])
        self.steps = planned_steps(settings, len(labels), describe(network)["flops"])
        self.now, self.best = Training(), None
        self._resume()
        self.clock = time.monotonic() - self.now.seconds
        self.saved, self.saving = time.monotonic(), 0.0
        self.compiled = 0

    def run(self) -> Training:
        """Train epoch by epoch, score each, and keep the weights of the best."""
        now = self.now
        try:
            self._train_epochs()
        except interruptions.InterruptedBySignal as asked:
            self._save()
            raise SystemExit(asked.exit_status) from None
        if self.best is not None:
            self.network.set_weights(self.best)
        now.best_epoch = now.best_epoch or now.epochs
        now.seconds = time.monotonic() - self.clock
        return now

    def _train_epochs(self) -> None:
        now, epochs = self.now, math.ceil(self.steps / self.per_epoch)
        # What ended early may have been interrupted before it was scored.
        while (now.status == "completed" and now.epochs < epochs) or now.step > now.scored:
            self._train_epoch(now.epochs + 1)
            self._score()
            _report(now.history[-1], epochs)
            self.end_if_asked()
        # What is evaluated next may take as long as many steps.
        self._save_if_due()

    def _train_epoch(self, epoch: int) -> None:
        """What is left of an epoch, or what steps, time and memory allow."""
        now, begun = self.now, (epoch - 1) * self.per_epoch
        end = min(begun + self.per_epoch, self.steps)
        if now.step == begun:
            now.loss = now.right = 0.0
        inputs = self.views[(epoch - 1) % len(self.views)]
        batches = self.trained.batches(inputs, epoch, now.step - begun)
        with contextlib.closing(batches):
            while now.step < end and now.status == "completed":
                count = min(self.trained.at_once, end - now.step)
                self._train(list(self._waited_for(itertools.islice(batches, count))))

    def _waited_for(self, batches: Iterator[Any]) -> Iterator[Any]:
        began = time.monotonic()
        for batch in batches:
            self.now.waiting_seconds += time.monotonic() - began
            yield batch
            began = time.monotonic()

    def _train(self, batches: list[Any]) -> None:
        """A few steps, then whatever may end the training or be due."""
        now, settings, began = self.now, self.settings, time.monotonic()
        rates = [learning_rate(settings, now.step + i, self.steps) for i in range(len(batches))]
        for loss, right in self.trained.train(batches, rates):
            now.loss += loss
            now.right += right
        now.step += len(batches)
        ended = time.monotonic()
        now.step_seconds += (ended - began) * (len(batches) <= self.compiled)
        self.compiled = max(self.compiled, len(batches))
        if settings["memory_mb"] and peak_memory_mb() > settings["memory_mb"]:
            now.status = "out_of_memory"
        elif not math.isfinite(now.loss):
            now.status = "diverged"
        elif now.step < self.steps and self._is_late(ended):
            now.status = "stopped"
        else:
            self.end_if_asked()
            self._save_if_due()

    def _is_late(self, now: float) -> bool:
        return bool(self.settings["seconds"]) and now - self.clock > self.settings["seconds"]

    def _score(self) -> None:
        """Add an epoch to the history, and keep the weights where it is the best so far."""
        now, began = self.now, time.monotonic()
        steps = (now.step - 1) % self.per_epoch + 1
        with self._averaged():
            given = evaluation.probabilities(self.network, self.selection[0], self.end_if_asked)
            scores = evaluation.metrics(given, self.selection[1])
            ended = time.monotonic()
            now.scoring_seconds += ended - began
            now.seconds = ended - self.clock
            now.scored = now.step
            now.history.append(
                {
                    "epoch": now.epochs + 1,
                    "seconds": round(now.seconds, 3),
                    "learning_rate": float(self.optimizer.learning_rate),
                    "train_top1": now.right / steps,
                    "train_loss": now.loss / steps,
                    "selection_top1": scores["top1"],
                    "selection_loss": scores["loss"],
                }
            )
            # Its last step's update shows in no loss of training.
            if scores["loss"] is None and now.status in ("completed", "stopped"):
                now.status = "diverged"
            if now.status in ("diverged", "out_of_memory"):
                return
            best = now.history[now.best_epoch - 1]["selection_top1"] if now.best_epoch else -1.0
            if scores["top1"] > best:
                now.best_epoch = now.epochs
                self.best = _copies(self.network.weights)

    @contextlib.contextmanager
    def _averaged(self) -> Iterator[None]:
        """Within it the network has the moving averages of its weights, where settings want them.

        ASSUME: the running statistics of batch normalization fit them: both follow the weights,
        and at the end of a schedule the weights hardly move.
        """
        if not self.settings["ema"]:
            yield
            return
        variables = self.network.trainable_variables
        own = _copies(variables)
        self.optimizer.finalize_variable_values(variables)
        for variable, average in zip(variables, _copies(variables), strict=True):
            # On JAX it would share its buffer with the optimizer's, which a call may reuse.
            variable.assign(average)
        try:
            yield
        finally:
            for variable, value in zip(variables, own, strict=True):
                variable.assign(value)

    def _save_if_due(self) -> None:
        passed = time.monotonic() - self.saved
        if passed > max(CHECKPOINT_SECONDS, CHECKPOINT_SHARE * self.saving):
            self._save()

    def _save(self) -> None:
        began = time.monotonic()
        self.now.seconds = began - self.clock
        arrays = {f"now_{i}": np.asarray(v) for i, v in enumerate(self._variables())}
        arrays |= {f"best_{i}": np.asarray(weight) for i, weight in enumerate(self.best or [])}
        self.checkpoint.save(vars(self.now), arrays)
        self.saved = time.monotonic()
        self.saving = self.saved - began
        self.now.saving_seconds += self.saving

    def _resume(self) -> None:
        loaded = self.checkpoint.load()
        if loaded is None:
            return
        state, arrays = loaded
        for i, variable in enumerate(self._variables()):
            variable.assign(arrays[f"now_{i}"])
        if state["best_epoch"]:
            self.best = [arrays[f"best_{i}"] for i in range(len(self.network.weights))]
        self.now = Training(**state | {"earlier_seconds": state["seconds"]})
        print(f"resumed after step {self.now.step} of {self.steps}", flush=True)

    def _variables(self) -> list[keras.Variable]:
        """Weights, states of random generators, and the optimizer's variables."""
        return [*self.network.variables, *self.optimizer.variables]


def _copies(variables: list[keras.Variable]) -> list[Any]:
    """The values of `variables` as they are now, kept on the device: to fetch them takes time."""
    return [keras.ops.copy(variable.value) for variable in variables]


def _report(row: dict[str, float], epochs: int) -> None:
    print(
        f"epoch {row['epoch']} of {epochs}: train {row['train_top1']:.4f}, "
        f"selection {row['selection_top1']:.4f}, loss {row['train_loss']:.4f}, "
        f"{row['seconds']:.1f} s",
        flush=True,
    )
