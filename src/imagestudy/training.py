"""The one trainer of the study: every run and every trial goes through `fit`."""

import itertools
import math
import time
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from imagestudy import device, evaluation
from imagestudy.batches import steps_per_epoch, training_batches
from imagestudy.checkpoints import Checkpoint
from imagestudy.networks.description import describe
from imagestudy.provenance import peak_memory_mb
from imagestudy.schedule import learning_rate

OPTIMIZERS = {
    "sgd": keras.optimizers.SGD,
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "rmsprop": keras.optimizers.RMSprop,
}
CHECKPOINT_SECONDS = 60
# Of a training step to a forward pass: the gradients of outputs and of weights cost one each.
PASSES = 3


@dataclass
class Training:
    """How a training went, so far: what a checkpoint holds beside the weights.

    `seconds` counts all processes that worked on it, `earlier_seconds` those before this one;
    `step_seconds` are those in training steps, but for each epoch's first, which may compile.
    """

    status: str = "completed"
    history: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = 0
    seconds: float = 0.0
    earlier_seconds: float = 0.0
    step_seconds: float = 0.0

    @property
    def epochs(self) -> int:
        """Epochs trained, a last incomplete one counted."""
        return len(self.history)


def fit(
    network: keras.Model,
    train: tuple[np.ndarray, np.ndarray],
    selection: tuple[np.ndarray, np.ndarray],
    settings: dict[str, Any],
    pca: dict[str, Any],
    seed: int,
    checkpoint: Checkpoint,
) -> Training:
    """Train `network` and leave it with the weights of its best epoch on `selection`.

    `train` and `selection` are pairs of inputs (uint8 pictures, or features of a frozen
    beginning) and int labels. `settings` are those of a `training` block of the config; where
    its `flops` end the training within an epoch, the network is scored there too. Status:
    `completed`; `stopped` where `settings["seconds"]` ran out; `diverged` where the loss was no
    longer finite; `out_of_memory` where the process took more than `settings["memory_mb"]`.
    """
    compile_network(network, settings)
    training, best = _resume(network, checkpoint) or (Training(), None)
    clock = time.monotonic() - training.seconds
    saved = time.monotonic()
    steps = planned_steps(settings, len(train[1]), describe(network)["flops"])
    epochs = math.ceil(steps / steps_per_epoch(len(train[1]), settings["batch_size"]))
    for epoch in range(training.epochs + 1, epochs + 1):
        logs = _train_epoch(network, train, settings, pca, seed, epoch, steps, clock, training)
        given = evaluation.probabilities(network, selection[0])
        scores = evaluation.metrics(given, selection[1])
        training.seconds = time.monotonic() - clock
        training.history.append(
            {
                "epoch": epoch,
                "seconds": round(training.seconds, 3),
                "learning_rate": float(network.optimizer.learning_rate),
                "train_top1": logs["sparse_categorical_accuracy"],
                "train_loss": logs["loss"],
                "selection_top1": scores["top1"],
                "selection_loss": scores["loss"],
            }
        )
        _report(training.history[-1], epochs)
        if training.status in ("diverged", "out_of_memory"):
            break
        if (
            best is None
            or scores["top1"] > training.history[training.best_epoch - 1]["selection_top1"]
        ):
            training.best_epoch = epoch
            best = network.get_weights()
        if training.status == "stopped":
            break
        if time.monotonic() - saved > CHECKPOINT_SECONDS:
            _save(network, training, best, checkpoint)
            saved = time.monotonic()
    if best is not None:
        network.set_weights(best)
    training.best_epoch = training.best_epoch or training.epochs
    return training


def planned_steps(settings: dict[str, Any], pictures: int, flops: int) -> int:
    """Steps of a training: all epochs', or as many as `settings["flops"]` allows; at least one.

    `flops` are those of a forward pass for one picture.
    """
    steps = settings["epochs"] * steps_per_epoch(pictures, settings["batch_size"])
    if not settings["flops"] or not flops:
        return steps
    of_a_step = PASSES * flops * min(settings["batch_size"], pictures)
    return max(1, min(steps, int(settings["flops"] // of_a_step)))


def compile_network(network: keras.Model, settings: dict[str, Any]) -> None:
    """Give `network` the optimizer of `settings` and the study's loss and metric."""
    name = settings["optimizer"]
    optional = {"momentum": settings["momentum"]} if name == "sgd" else {}
    if settings["weight_decay"] or name == "adamw":
        optional["weight_decay"] = settings["weight_decay"]
    optimizer = OPTIMIZERS[name](settings["learning_rate"], **optional)
    network.compile(
        optimizer,
        loss="sparse_categorical_crossentropy",
        metrics=["sparse_categorical_accuracy"],
        jit_compile=device.jit_compile(),
    )
    optimizer.build(network.trainable_variables)


def _train_epoch(
    network: keras.Model,
    train: tuple[np.ndarray, np.ndarray],
    settings: dict[str, Any],
    pca: dict[str, Any],
    seed: int,
    epoch: int,
    steps: int,
    clock: float,
    training: Training,
) -> dict[str, float]:
    """One epoch, or what steps and time allow; the running means of loss and accuracy over it."""
    before = (epoch - 1) * steps_per_epoch(len(train[1]), settings["batch_size"])
    logs = {}
    network.reset_metrics()
    batches = training_batches(*train, settings, pca, seed, epoch)
    began = None
    for step, batch in enumerate(itertools.islice(batches, steps - before), start=before):
        network.optimizer.learning_rate = learning_rate(settings, step, steps)
        logs = network.train_on_batch(*batch, return_dict=True)
        began = began or time.monotonic()
        if settings["memory_mb"] and peak_memory_mb() > settings["memory_mb"]:
            training.status = "out_of_memory"
            break
        if not math.isfinite(logs["loss"]):
            training.status = "diverged"
            break
        if settings["seconds"] and time.monotonic() - clock > settings["seconds"]:
            training.status = "stopped"
            break
    training.step_seconds += time.monotonic() - began
    return {name: float(value) for name, value in logs.items()}


def _report(row: dict[str, float], epochs: int) -> None:
    print(
        f"epoch {row['epoch']} of {epochs}: train {row['train_top1']:.4f}, "
        f"selection {row['selection_top1']:.4f}, loss {row['train_loss']:.4f}, "
        f"{row['seconds']:.1f} s",
        flush=True,
    )


def _variables(network: keras.Model) -> list[keras.Variable]:
    """Weights, states of random generators, and the optimizer's variables."""
    metrics = {id(variable) for variable in network.metrics_variables}
    own = [variable for variable in network.variables if id(variable) not in metrics]
    return own + list(network.optimizer.variables)


def _save(
    network: keras.Model, training: Training, best: list[np.ndarray], checkpoint: Checkpoint
) -> None:
    arrays = {f"now_{i}": np.asarray(v) for i, v in enumerate(_variables(network))}
    arrays |= {f"best_{i}": weight for i, weight in enumerate(best)}
    checkpoint.save(vars(training), arrays)


def _resume(
    network: keras.Model, checkpoint: Checkpoint
) -> tuple[Training, list[np.ndarray]] | None:
    loaded = checkpoint.load()
    if loaded is None:
        return None
    state, arrays = loaded
    for i, variable in enumerate(_variables(network)):
        variable.assign(arrays[f"now_{i}"])
    best = [arrays[f"best_{i}"] for i in range(len(network.get_weights()))]
    print(f"resumed after epoch {len(state['history'])}", flush=True)
    return Training(**state | {"earlier_seconds": state["seconds"]}), best
