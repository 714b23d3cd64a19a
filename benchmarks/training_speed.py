"""Training: our pictures per second over PyTorch's, and over the machine's matrix products."""

import functools
import sys
from pathlib import Path

from workers import ROOT, THREADS, Worker, fastest, in_turn, row

from imagestudy.training import PASSES

OURS = Path(sys.executable)
THEIRS = ROOT / ".venv-peer" / "bin" / "python"
NETWORKS = ("alexnet", "vgg16", "cnn")
PEAK_GOAL = 0.6
IMITATED = 3
DTYPES = {"float32": "float32", "mixed_bfloat16": "bfloat16"}


def measure() -> list[dict]:
    """Rates against the peer's for each network, and VGG-16's part of the machine's peak.

    The peak of bfloat16 only where the machine has it: imitated, it says nothing of the engine.
    """
    found = fastest()
    chosen, threads = found["precision"], str(found["threads"])
    against_peer, of_peak = [], []
    for name, precision in _trainings(chosen, found["measured"]):
        with Worker(OURS, "ours.py", name, precision, threads) as our:
            if precision == chosen:
                with Worker(THEIRS, "pytorch.py", name, str(THREADS)) as peer:
                    against_peer.append(_against_peer(name, precision, in_turn(our, peer)))
            if name == "vgg16":
                with Worker(OURS, "matrix_products.py", DTYPES[precision], threads) as peak:
                    of_peak.append(_of_peak(precision, in_turn(our, peak)))
    return against_peer + of_peak


def _trainings(chosen: str, measured: list[dict]) -> list[tuple[str, str]]:
    """Networks and precisions: all in the `chosen` one, VGG-16 in each that the machine has."""
    had = [each for each in DTYPES if each != chosen and not _imitated(each, measured)]
    return [(name, chosen) for name in NETWORKS] + [("vgg16", precision) for precision in had]


def _against_peer(name: str, precision: str, rates: tuple[float, float, float]) -> dict:
    rate, theirs, ratio = rates
    what = f"training {name}, {precision}: ours / PyTorch"
    return row(what, rate, theirs, "pictures/s", ratio, 1.0)


def _of_peak(precision: str, rates: tuple[float, float, float]) -> dict:
    operations = PASSES * _operations_of_vgg16()
    rate, most, ratio = rates
    what = f"training vgg16, {precision}: part of the peak of matrix products"
    ours, peak = rate * operations / 1e9, most / 1e9
    return row(what, ours, peak, "GFLOP/s", ratio * operations, PEAK_GOAL)


def _imitated(precision: str, measured: list[dict]) -> bool:
    """Whether the probe found the precision much slower than the fastest."""
    rates = [(each["pictures_per_second"], each["precision"]) for each in measured]
    fastest_rate, _ = max(rates)
    own = max((rate for rate, of in rates if of == precision), default=fastest_rate)
    return IMITATED * own < fastest_rate


@functools.cache
def _operations_of_vgg16() -> int:
    from ours import NETWORKS as BUILDERS

    from imagestudy.networks.description import describe

    return describe(BUILDERS["vgg16"]())["flops"]
