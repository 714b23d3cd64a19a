"""The files of one result: what was found, and everything it was made with."""

import csv
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from imagestudy import device, provenance
from imagestudy.data import Dataset
from imagestudy.lean import keras
from imagestudy.results import SCHEMA, read_json, write_result
from imagestudy.sources import SCRATCH
from imagestudy.stored import Stored, log_probabilities, write_stored

HISTORY = [
    "epoch",
    "seconds",
    "learning_rate",
    "train_top1",
    "train_loss",
    "selection_top1",
    "selection_loss",
]
SECONDS = ("start", "training", "steps", "waiting", "scoring", "saving", "evaluation", "earlier")
# Of a file beside an output, which an earlier process finished when nobody watched it any more
# (envs/study.py).
SET_ASIDE = ".finished"
NO_SECONDS = dict.fromkeys(SECONDS, 0.0)
NOTHING = {
    "error": None,
    "metrics": None,
    "score": None,
    "network": None,
    "epochs": 0,
    "steps": None,
    "best_epoch": 0,
}


@dataclass
class Record:
    """Writes the outputs of a run, or the one output of a trial or an export, named by the caller.

    `outputs`: for a run `result`, `history`, `predictions` and `network`; for a trial `result`; for
    the export of a network before its training `network`. `threads` and `gpus` are those it was
    given and is charged for, `threads_used` those it takes. `waited`: seconds of this process that
    are not the run's; `earlier`: those that processes before it spent on the run,
    `earlier_memory`: the most megabytes that one of them took.
    """

    outputs: dict[str, Path]
    settings: dict[str, Any]
    choice: dict[str, Any]
    code: dict[str, Any]
    data: Dataset
    threads: int
    gpus: int
    precision: str
    compiled: bool
    threads_used: int
    start: dict[str, Any] = field(
        default_factory=lambda: {"provenance": SCRATCH, "name": SCRATCH, "digest": None}
    )
    waited: float = 0.0
    earlier: float = 0.0
    earlier_memory: float = 0.0

    def seconds(self) -> float:
        """Wall-clock time since this process was started, without what it waited for another."""
        return time.time() - psutil.Process(os.getpid()).create_time() - self.waited

    @property
    def is_trial(self) -> bool:
        """Whether this is a trial of a search."""
        return "trial" in self.settings

    @property
    def is_export(self) -> bool:
        """Whether the network is only built and saved."""
        return self.outputs.keys() == {"network"}

    @property
    def devices(self) -> int:
        """Device-seconds of a second: one for each GPU, else one for each thread."""
        return max(1, self.gpus) if device.kind() == device.GPU else self.threads

    def write_network(self, network: keras.Model) -> None:
        """Save `network` without its optimizer."""
        plain = keras.Model(network.inputs, network.outputs, name=network.name)
        plain.save(self.outputs["network"])

    def write_history(self, rows: list[dict[str, float]]) -> None:
        """Write a row per epoch."""
        with self.outputs["history"].open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, HISTORY, lineterminator="\n")
            table.writeheader()
            table.writerows(rows)

    def write_predictions(
        self, probabilities: np.ndarray, labels: np.ndarray, unlabelled: np.ndarray
    ) -> None:
        """Write the test split's probabilities and labels, and classes of unlabelled pictures."""
        stored = Stored(
            log_probabilities(probabilities), labels, unlabelled.astype(np.int32, copy=False)
        )
        write_stored(self.outputs["predictions"], stored)

    def write_unfinished(self, status: str, error: str, **found: Any) -> None:
        """Record that there is no network, and why; the other files of a run are empty."""
        if self.is_export:
            self.outputs["network"].touch()
            return
        if not self.is_trial:
            self.write_history([])
            none = np.zeros(0, np.int32)
            self.write_predictions(np.zeros((0, len(self.data.classes)), np.float32), none, none)
            self.outputs["network"].write_bytes(b"")
        self.write_result({"status": status, "error": error, **found})

    def take_back(self) -> None:
        """Put in place the outputs that were set aside; where some are missing, remove the rest."""
        aside = {path: path.with_name(path.name + SET_ASIDE) for path in self.outputs.values()}
        whole = all(path.exists() for path in aside.values())
        # The result last, as it was written: where it is, the others are.
        for path in sorted(aside, key=lambda path: path == self.outputs.get("result")):
            if whole:
                aside[path].replace(path)
            else:
                aside[path].unlink(missing_ok=True)

    def is_written(self) -> bool:
        """Whether all outputs are there, made with the same settings, choice, code, data, start."""
        if not all(path.exists() for path in self.outputs.values()):
            return False
        made_with = {
            "settings": self.settings,
            "choice": self.choice,
            "code": self.code,
            "start": self.start,
            "precision": self.precision,
        }
        found = read_json(self.outputs["result"])
        if found.get("schema") != SCHEMA:
            return False  # another version of the study made it
        same_data = found["data"]["digest"] == self.data.digest
        return same_data and all(found[key] == value for key, value in made_with.items())

    def write_result(self, found: dict[str, Any]) -> None:
        """Write `result.json`: `found` (status, metrics …) and what it was made with."""
        seconds = NO_SECONDS | found.pop("seconds", {})
        own = 0.0 if found["status"] == "skipped" else self.seconds()
        seconds["earlier"] = round(self.earlier, 2)
        seconds["total"] = round(own + self.earlier, 2)
        result = {
            "schema": SCHEMA,
            "kind": "trial" if self.is_trial else "run",
            "experiment": self.settings["name"],
            "seed": self.settings["seed"],
            "scale": self.settings["scale"],
            **NOTHING,
            **found,
            "settings": self.settings,
            "choice": self.choice,
            "code": self.code,
            "data": {
                "name": self.data.name,
                "digest": self.data.digest,
                "source": self.data.source,
            },
            "start": self.start,
            "seconds": seconds,
            "device_seconds": round(seconds["total"] * self.devices, 2),
            "threads": self.threads,
            "peak_memory_mb": max(provenance.peak_memory_mb(), self.earlier_memory),
            "software": provenance.software(),
            "hardware": provenance.hardware() | device.description(),
            "threads_used": self.threads_used,
            "precision": self.precision,
            "commit": provenance.commit(),
            "finished": provenance.now(),
        }
        write_result(self.outputs["result"], result)
