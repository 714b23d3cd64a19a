"""Training: our pictures per second over PyTorch's, and over the machine's matrix products."""

import sys
from pathlib import Path

from workers import ROOT, THREADS, Worker, fastest, in_turn, row

from imagestudy.training import PASSES

NETWORKS = ("alexnet", "vgg16", "cnn")
PEAK_GOAL = 0.6
IMITATED = 3
DTYPES = {"float32": "float32", "mixed_bfloat16": "bfloat16"}


def measure() -> list[dict]:
    """Rates against the peer's for each network, and VGG-16's part of the machine's peak.

    The peak of bfloat16 only where the machine has it: imitated, it says nothing of the engine.
    """
    found = fastest()
    precision, threads = found["precision"], str(found["threads"])
    ours = Path(sys.executable)
    theirs = ROOT / ".venv-peer" / "bin" / "python"
    rows = []
    for name in NETWORKS:
        with (
            Worker(ours, "ours.py", name, precision, threads) as our,
            Worker(theirs, "pytorch.py", name, str(THREADS)) as peer,
        ):
            what = f"training {name}, {precision}: ours / PyTorch"
            rate, their_rate, ratio = in_turn(our, peer)
            rows.append(row(what, rate, their_rate, "pictures/s", ratio, 1.0))
    operations = PASSES * _operations_of_vgg16()
    for precision, dtype in DTYPES.items():
        if _imitated(precision, found["measured"]):
            continue
        with (
            Worker(ours, "ours.py", "vgg16", precision, threads) as our,
            Worker(ours, "matrix_products.py", dtype, threads) as peak,
        ):
            rate, most, ratio = in_turn(our, peak)
            rows.append(
                row(
                    f"training vgg16, {precision}: part of the peak of matrix products",
                    rate * operations / 1e9,
                    most / 1e9,
                    "GFLOP/s",
                    ratio * operations,
                    PEAK_GOAL,
                )
            )
    return rows


def _imitated(precision: str, measured: list[dict]) -> bool:
    """Whether the probe found the precision much slower than the fastest."""
    rates = [(each["pictures_per_second"], each["precision"]) for each in measured]
    fastest_rate, _ = max(rates)
    own = max((rate for rate, of in rates if of == precision), default=fastest_rate)
    return IMITATED * own < fastest_rate


def _operations_of_vgg16() -> int:
    from ours import NETWORKS as BUILDERS

    from imagestudy.networks.description import describe

    return describe(BUILDERS["vgg16"]())["flops"]
