"""A search's budget, and what its trials cost beside training: a real search at scale demo.

The budget is far less than the declared trials would take, so that it ends the search.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd
from workers import ROOT, limit

BUDGET = 30  # device-seconds
TRIALS_PER_ROUND = 2
SEARCH = {"rounds": 8, "trials_per_round": TRIALS_PER_ROUND, "device_seconds": BUDGET}
TRAINING = {"epochs": 2, "seconds": 20}
START_LIMIT = 8.0  # seconds of a trial that are not spent in training steps, evaluation included


def measure() -> list[dict[str, object]]:
    """Limits over what was measured: spent device-seconds, and a trial's time beside training."""
    with tempfile.TemporaryDirectory() as folder:
        ledger, results = _searched(Path(folder))
    spent = ledger["device_seconds"].sum()
    largest_round = ledger.groupby("round")["device_seconds"].sum().max()
    trained = [each for each in results if each["status"] == "completed"]
    beside = pd.Series([each["seconds"]["total"] - each["seconds"]["steps"] for each in trained])
    if not (ledger["status"] == "skipped").any():
        raise RuntimeError(f"the budget of {BUDGET} device-seconds ended nothing; lower it")
    return [
        limit("search: budget + 1 round / spent", spent, BUDGET + largest_round, "device-seconds"),
        limit("trial at demo: time beside training steps", beside.median(), START_LIMIT, "seconds"),
    ]


def _searched(folder: Path) -> tuple[pd.DataFrame, list[dict]]:
    search = json.dumps({"random": SEARCH | {"training": TRAINING}})
    command = ["-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", "all"]
    target = "results/demo/searches/random/ledger.csv"
    subprocess.run(
        [sys.executable, *command, "--directory", str(folder), target, "--config", "scale=demo",
         f"searches={search}"],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    results = sorted((folder / target).parent.rglob("trial-*/result.json"))
    return pd.read_csv(folder / target), [json.loads(path.read_text()) for path in results]
