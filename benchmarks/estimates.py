"""What `make estimate` says before a study, beside what its jobs took.

Of scale demo a search and two runs are made for it; of scale cpu the published study counts, if
this is its machine.
"""

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pandas as pd
from workers import ROOT, keep_fastest, limit

from imagestudy import provenance

LIMIT = 1.5  # by which factor an estimate may be off
ALL = ["report.pdf", "--config", "scale=cpu"]
# Fine-tuning starts from VGG-16, which is trained for it.
PART = ["results/demo/searches/autokeras/ledger.csv", "vgg16_fine_tune"]
SEARCH = 'searches={"autokeras": {"rounds": 1, "initial_points": 1}}'
PART += ["--config", "scale=demo", "seeds=[1]", SEARCH]
PUBLISHED = ROOT / "published" / "cpu" / "bundle.zip"


def measure() -> list[dict[str, object]]:
    """The factor by which the estimates of device-hours and of peak memory are off."""
    with tempfile.TemporaryDirectory() as folder:
        said = _said(folder, PART)
        _output(["-m", "snakemake", *_here(folder), *PART])
        took = _took(Path(folder) / "results" / "demo")
    rows = _rows("demo", said, took)
    published = _published()
    if published:
        with tempfile.TemporaryDirectory() as folder:
            keep_fastest(Path(folder), "cpu")
            rows += _rows("cpu", _said(folder, ALL), published)
    return rows


def _rows(scale: str, said: dict[str, float], took: dict[str, float]) -> list[dict[str, object]]:
    return [
        limit(f"estimate at {scale}: {name}, off by", _off(said[name], took[name]), LIMIT, "factor")
        for name in took
    ]


def _here(folder: str) -> list[str]:
    return ["--snakefile", str(ROOT / "Snakefile"), "--directory", folder, "--cores", "all"]


def _said(folder: str, targets: list[str]) -> dict[str, float]:
    """What is estimated for all jobs of targets of which nothing has run in `folder`."""
    said = _output(["envs/estimate.py", *_here(folder), *targets])
    total = next(line.split() for line in said.splitlines() if line.split()[:1] == ["all"])
    return {"device-hours": float(total[2]), "peak memory": float(total[3])}


def _published() -> dict[str, float] | None:
    """The device-hours of the published study's trainings; None where another machine made it."""
    with zipfile.ZipFile(PUBLISHED) as packed:
        names = [name for name in packed.namelist() if name.endswith("/result.json")]
        results = [json.loads(packed.read(name)) for name in names]
    here = {key: provenance.hardware()[key] for key in ("cpu", "cores")}
    if any(result["hardware"][key] != here[key] for result in results for key in here):
        return None
    return {"device-hours": sum(result["device_seconds"] for result in results) / 3600}


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
