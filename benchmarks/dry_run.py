"""A dry run of a study of 500 runs over one of a one-rule workflow."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from workers import ROOT, row

# Seven experiments of scale demo, each with so many seeds, and their searches.
SEEDS = list(range(1, 73))
TIMES = 2.0
# Both sides take seconds, in which a shared machine's speed changes by half: many of them.
ALTERNATIONS = 7
ONE_RULE = 'rule one:\n    output: "one"\n    shell: "touch {output}"\n'


def measure() -> list[dict]:
    """Twice the seconds of the one-rule workflow's dry run over those of ours."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "Snakefile").write_text(ONE_RULE)
        config = [f"seeds={json.dumps(SEEDS)}", "scale=demo"]
        ours = ["--snakefile", str(ROOT / "Snakefile"), "report.pdf", "--config", *config]
        pairs = [(_seconds(ours, folder), _seconds(["one"], folder)) for _ in range(ALTERNATIONS)]
    own, one = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratio = statistics.median(TIMES * other / mine for mine, other in pairs)
    runs = 7 * len(SEEDS)
    return [row(f"dry run: one rule x 2 / {runs} runs", own, TIMES * one, "seconds", ratio, 1.0)]


def _seconds(arguments: list[str], folder: str) -> float:
    command = [sys.executable, "-m", "snakemake", "-n", "-q", "--cores", "2", *arguments]
    began = time.monotonic()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return time.monotonic() - began
