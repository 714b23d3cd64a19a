"""Two sides measured in turn, each a process of its own that stays warm."""

import functools
import json
import os
import statistics
import subprocess
from pathlib import Path
from typing import Any

from imagestudy import engine
from imagestudy.results import write_json

ROOT = Path(__file__).parent.parent
ALTERNATIONS = 5
THREADS = 2


@functools.cache
def fastest() -> dict[str, Any]:
    """Precision and threads with which the study trains fastest here, probed once."""
    return engine.probe(THREADS)


def keep_fastest(folder: Path, scale: str) -> None:
    """Put what was probed where a study in `folder` would, so that it does not probe again."""
    write_json(folder / "results" / scale / "engine.json", fastest())


class Worker:
    """A process that does one job again and again, on a line from us, and says how it went."""

    def __init__(self, python: Path, script: str, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [str(python), str(ROOT / "benchmarks" / script), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=os.environ | {"PYTHONPATH": str(ROOT / "src"), "TF_CPP_MIN_LOG_LEVEL": "3"},
        )

    def __enter__(self) -> "Worker":
        self.measure()  # warm
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.stdin.close()
        self._process.wait()

    def measure(self) -> float:
        """A rate: so much in a second; larger is better."""
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{' '.join(self._process.args)} ended; run it by hand to see why")
        return json.loads(answer)


def in_turn(ours: Worker, peer: Worker) -> tuple[float, float, float]:
    """The median rates of both, and the median of the ratios of neighbours in time."""
    pairs = [(ours.measure(), peer.measure()) for _ in range(ALTERNATIONS)]
    ratio = statistics.median(one / other for one, other in pairs)
    return *(statistics.median(side) for side in zip(*pairs, strict=True)), ratio


def row(name: str, ours: float, peer: float, unit: str, ratio: float, goal: float) -> dict:
    """A row of the table of benchmarks."""
    return {
        "benchmark": name,
        "ours": float(f"{ours:.4g}"),
        "peer": float(f"{peer:.4g}"),
        "unit": unit,
        "ratio": round(ratio, 3),
        "goal": goal,
    }


def limit(name: str, measured: float, most: float, unit: str) -> dict:
    """A row for what has to stay under a limit."""
    return row(name, measured, most, unit, most / max(measured, 1e-9), 1.0)
