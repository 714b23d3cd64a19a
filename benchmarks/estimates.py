"""What `make estimate` says before a study at scale demo, beside what its jobs then took."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd
from workers import ROOT, limit

LIMIT = 1.5  # by which factor an estimate may be off
STUDY = ["--cores", "all", "report.pdf", "--config", "scale=demo", "seeds=[1]"]


def measure() -> list[dict[str, object]]:
    """The factor by which the estimates of device-hours and of peak memory are off."""
    with tempfile.TemporaryDirectory() as folder:
        here = ["--snakefile", str(ROOT / "Snakefile"), "--directory", folder]
        said = _output(["envs/estimate.py", *STUDY, *here])
        _output(["-m", "snakemake", *STUDY, *here])
        took = _took(Path(folder) / "results" / "demo")
    total = next(line.split() for line in said.splitlines() if line.split()[:1] == ["all"])
    found = {"device-hours": float(total[2]), "peak memory": float(total[3])}
    return [
        limit(f"estimate at demo: {name}, off by", _off(value, took[name]), LIMIT, "factor")
        for name, value in found.items()
    ]


def _off(said: float, took: float) -> float:
    return max(said / took, took / said)


def _output(arguments: list[str]) -> str:
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    ).stdout


def _took(results: Path) -> dict[str, float]:
    """Of all jobs (each has one thread at demo) the hours, and the largest memory."""
    jobs = pd.concat(
        [pd.read_csv(path, sep="\t") for path in (results / "benchmarks").rglob("*.tsv")]
    )
    numbers = jobs[["s", "max_rss"]].apply(pd.to_numeric, errors="coerce")
    return {"device-hours": numbers["s"].sum() / 3600, "peak memory": numbers["max_rss"].max()}
