"""Which precision, compilation and number of threads train fastest on this machine."""

import contextlib
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from imagestudy import provenance
from imagestudy.errors import StudyError
from imagestudy.gpus import require_found
from imagestudy.results import read_json

# A choice has to be faster than a simpler one by so much: less is noise.
MARGIN = 1.05
BATCH = 128
STEPS = 3
# A step that takes so many seconds tells enough by itself: the precision is none for this machine.
LONG = 2
CHOSEN = {"precision": str, "compiled": bool, "threads": int}


def probe(threads: int, gpus: int = 0) -> dict[str, Any]:
    """Train a small network for a few steps in the ways that come into question.

    `threads` are those that a training may use; half of them, tried in the fastest way alone, may
    be faster where two share a core.
    `gpus`: how many this job was lent; a `StudyError` where the backend then finds none.
    Returns the fastest `precision`, `compiled` and `threads`, all that was `measured` (pictures per
    second), and the machine it holds for.
    """
    if gpus:
        require_found(_said("-c", "from imagestudy import device; print(device.kind())"))
    measured = json.loads(_said("-m", __name__, str(threads)))
    best = choice(measured)
    # On a GPU the threads of a CPU decide nothing.
    if threads > 1 and measured[0]["device"] == "cpu":
        # The backends read the number of threads once in a process.
        way = best["precision"], json.dumps(best["compiled"])
        measured += json.loads(_said("-m", __name__, str(threads // 2), *way))
    return choice(measured) | {
        "measured": measured,
        "software": provenance.software(),
        "hardware": provenance.hardware(),
        "finished": provenance.now(),
    }


def read_engine(path: Path) -> dict[str, Any]:
    """What `probe` found, from the file at `path`; a `StudyError` where another version did.

    Where it was found on another processor that is said: it is kept, so that all runs are alike.
    """
    found = read_json(path)
    kinds = CHOSEN | {"hardware": dict}
    if not isinstance(found, dict) or not all(
        isinstance(found.get(key), kind) for key, kind in kinds.items()
    ):
        raise StudyError(
            f"{path} was made by another version of the study (it must have "
            f"{', '.join(kinds)}); remove it, and the machine is probed again"
        )
    there, here = found["hardware"].get("cpu"), provenance.hardware()["cpu"]
    if there != here:
        kept = ", ".join(f"{key} {found[key]}" for key in CHOSEN)
        print(f"{path} was measured on {there}, this is {here}: {kept} are kept, perhaps slow here")
    return found


def choice(measured: list[dict[str, Any]]) -> dict[str, Any]:
    """The first of `measured` that is as fast as the fastest, but for what is noise."""
    fastest = max(each["pictures_per_second"] for each in measured)
    first = next(each for each in measured if each["pictures_per_second"] * MARGIN >= fastest)
    return {key: first[key] for key in CHOSEN}


def _said(*arguments: str) -> str:
    """The last line of another Python, which leaves no device in use."""
    ended = subprocess.run(
        [sys.executable, *arguments], stdout=subprocess.PIPE, text=True, check=True
    )
    return ended.stdout.splitlines()[-1]


def _measure(threads: int) -> list[dict[str, Any]]:
    """The speed of each precision in this process, and of the fastest compiled the other way."""
    from imagestudy import device
    from imagestudy.lean import keras

    device.prepare(threads, device.PRECISIONS[0], seed=1)
    usual = device.jit_compile()
    # The simpler one first. On a GPU the probe's network is too small to show what bfloat16 gains.
    precisions = device.PRECISIONS[:: -1 if device.kind() == device.GPU else 1]
    found = [_measured(threads, precision, usual) for precision in precisions]
    if keras.backend.backend() == "tensorflow":  # JAX always compiles.
        found.append(_measured(threads, choice(found)["precision"], not usual))
    return found


def _measured(threads: int, precision: str, compiled: bool) -> dict[str, Any]:
    from imagestudy import device

    device.prepare(threads, precision, 1, compiled)
    return {
        "device": device.kind(),
        "threads": threads,
        "precision": precision,
        "compiled": compiled,
        "pictures_per_second": round(BATCH / _seconds_of_a_step(), 1),
    }


def _seconds_of_a_step() -> float:
    import numpy as np

    from imagestudy import device, optimizers
    from imagestudy.epochs import Epochs
    from imagestudy.lean import keras
    from imagestudy.networks.residual_cnn import residual_cnn

    statistics = {"mean": [0.5] * 3, "std": [0.25] * 3}
    network: keras.Model = residual_cnn((32, 32, 3), 10, statistics, [16, 64, 128], 0.0)
    settings = {
        "optimizer": "sgd",
        "learning_rate": 0.01,
        "momentum": 0.9,
        "nesterov": False,
        "weight_decay": 0.0,
        "ema": None,
        "start_learning_rate_factor": 1.0,
        "label_smoothing": 0.0,
        "batch_size": BATCH,
        "augmentation": {"flip": False, "translate": 0, "pca_colour": 0.0, "cutmix": 0.0},
    }
    optimizer = optimizers.build(settings, network.trainable_variables, [])
    generator = np.random.default_rng(1)
    pictures = generator.integers(0, 256, (BATCH, 32, 32, 3), dtype=np.uint8)
    labels = generator.integers(0, 10, BATCH).astype(np.int32)
    seconds = []
    with device.faster_layers(network):
        trained = Epochs(network, optimizer, labels, settings, {}, 1)
        with contextlib.closing(trained.batches(pictures, 1)) as batches:
            given = [next(batches)] * trained.at_once
        for _ in range(1 + STEPS):
            began = time.monotonic()
            trained.train(given, [settings["learning_rate"]] * len(given))
            seconds.append(time.monotonic() - began)
            if len(seconds) > 1 and seconds[-1] > LONG:
                break
    return min(seconds[1:]) / len(given)


if __name__ == "__main__":
    count, *way = sys.argv[1:]
    if way:
        print(json.dumps([_measured(int(count), way[0], json.loads(way[1]))]))
    else:
        print(json.dumps(_measure(int(count))))
