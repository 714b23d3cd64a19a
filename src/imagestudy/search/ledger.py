"""The ledger of a search: a row for each trial, whatever became of it."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from imagestudy.errors import StudyError
from imagestudy.merging import merged
from imagestudy.provenance import digest
from imagestudy.search import trials

COLUMNS = [
    "search",
    "proposer",
    "oracle",
    "seed",
    "round",
    "trial",
    "status",
    "error",
    "score",
    "parameters",
    "layers",
    "flops",
    "epochs",
    "steps",
    "seconds",
    "start_seconds",
    "steps_seconds",
    "device_seconds",
    "cumulative_device_seconds",
    "best_so_far",
    "device",
    "threads",
    "precision",
    "peak_memory_mb",
    "batch_size",
    "optimizer",
    "learning_rate",
    "hyperparameters",
    "settings_digest",
    "code_digest",
    "data_digest",
]
COUNTS = ("parameters", "layers", "flops", "steps")
# What tries in published/development.csv, and trials in published bundles, do not say.
ADDED = ("steps", "threads", "precision")


def ledger_rows(search: dict[str, Any], results: list[dict[str, Any]]) -> pd.DataFrame:
    """The ledger in order of seed, round and trial.

    `hyperparameters` is JSON, `score` a fraction, there where it counts: not for a trial that
    failed or was skipped. What is cumulative starts anew with each seed, which is a search of
    its own.
    """
    ordered = sorted(results, key=lambda each: (each["seed"], trials.position(each)))
    rows = [_row(search, result) for result in ordered]
    ledger = pd.DataFrame(rows, columns=COLUMNS)
    for column in (*COUNTS, "score", "learning_rate", "peak_memory_mb"):
        ledger[column] = pd.to_numeric(ledger[column])
    for column in COUNTS:
        ledger[column] = ledger[column].astype("Int64")
    searches = ledger.groupby("seed")
    ledger["cumulative_device_seconds"] = searches["device_seconds"].cumsum().round(2)
    ledger["best_so_far"] = searches["score"].cummax()
    ledger["best_so_far"] = searches["best_so_far"].ffill()
    return ledger


def read_ledger(path: Path) -> pd.DataFrame:
    """The ledger at `path`, which this version of the study wrote, or a publication."""
    try:
        ledger = pd.read_csv(path)
    except ValueError as error:
        raise StudyError(f"{path} is no ledger ({error}); remove it and run again") from None
    lacking = [column for column in COLUMNS if column not in ledger and column not in ADDED]
    if lacking:
        raise StudyError(
            f"{path} has no column {lacking[0]}: another version of the study made it; remove it "
            "and run again"
        )
    return ledger.assign(**{column: None for column in ADDED if column not in ledger})


def _row(search: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    round_number, trial = trials.position(result)
    proposal = trials.proposal(result)
    network = result["network"] or {}
    training = {**result["settings"]["training"], **proposal["training"]}
    peak_memory = result["peak_memory_mb"]
    if result["status"] == "skipped":
        training, peak_memory = {}, None
    if search["proposer"] == "hand":
        tried = {key: proposal[key] for key in ("network", "training")}
    else:
        tried = proposal["network"].get("hyperparameters", {})
    return {
        "search": search["search"],
        "proposer": search["proposer"],
        "oracle": search.get("oracle"),
        "seed": result["seed"],
        "round": round_number,
        "trial": trial,
        "status": result["status"],
        "error": result["error"],
        "score": trials.score(result),
        **{key: network.get(key) for key in ("parameters", "layers", "flops")},
        "epochs": result["epochs"],
        "steps": result.get("steps"),
        "seconds": result["seconds"]["total"],
        **{f"{key}_seconds": result["seconds"][key] for key in ("start", "steps")},
        "device_seconds": result["device_seconds"],
        "device": result["hardware"]["device"],
        **{key: result[key] for key in ("threads", "precision")},
        "peak_memory_mb": peak_memory,
        "batch_size": result.get("batch_size", training.get("batch_size")),
        **{key: training.get(key) for key in ("optimizer", "learning_rate")},
        "hyperparameters": json.dumps(tried, sort_keys=True),
        "settings_digest": digest(result["settings"]),
        "code_digest": result["code"]["digest"],
        "data_digest": result["data"]["digest"],
    }


def select_best(search: dict[str, Any], results: list[dict[str, Any]]) -> dict[str, Any]:
    """The best trial by selection top-1, of equals the earlier, and what the search cost.

    Where no trial has a score, `status` is `failed`, `trial` None and `error` that of most trials:
    the final run then records that the search found no network, and the report can still be made.
    """
    ordered = sorted(results, key=trials.position)
    scores = [trials.score(result) for result in ordered]
    best = None
    if any(score is not None for score in scores):
        best = int(np.argmax([-1.0 if score is None else score for score in scores]))
    errors = Counter(result["error"] for result in ordered if best is None)
    round_number, trial = (None, None) if best is None else trials.position(ordered[best])
    proposal = {"network": {}, "training": {}} if best is None else trials.proposal(ordered[best])
    return {
        "schema": 1,
        "search": search["search"],
        "proposer": search["proposer"],
        "oracle": search.get("oracle"),
        "seed": search["seed"],
        "dataset": ordered[0]["data"]["name"],
        "status": "failed" if best is None else "completed",
        "error": errors.most_common(1)[0][0] if errors else None,
        "round": round_number,
        "trial": trial,
        "score": None if best is None else scores[best],
        "network": merged(search.get("network") or {}, proposal["network"]),
        "training": proposal["training"],
        "trials": sum(result["status"] != "skipped" for result in ordered),
        "completed": sum(result["status"] == "completed" for result in ordered),
        "device_seconds": round(sum(result["device_seconds"] for result in ordered), 2),
        "seconds": round(sum(result["seconds"]["total"] for result in ordered), 2),
        "declared_candidates": (
            len(search["candidates"]) if search["proposer"] == "hand" else None
        ),
    }
