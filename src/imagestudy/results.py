"""The result contract: write a result, read it, refuse one of other settings, gather the seeds'."""

import csv
import functools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from imagestudy.differences import first_difference
from imagestudy.errors import StudyError
from imagestudy.files import sha256
from imagestudy.finite import loads
from imagestudy.search.trials import RECIPE
from imagestudy.sources import IMAGENET

SCHEMA = 1
SUMMARY_SCHEMA = 2  # of an experiment's result file
# By the name of the file that it is of.
CONTRACTS = {
    f"{name}.json": Path(__file__).with_name(f"{name}.schema.yaml")
    for name in ("result", "dataset")
}
COUNTED = ("completed", "stopped", "diverged", "at_chance")
METRICS = {
    "train_top1": ("train", "top1"),
    "train_top5": ("train", "top5"),
    "selection_top1": ("selection", "top1"),
    "test_top1": ("test", "top1"),
    "test_top5": ("test", "top5"),
    "test_loss": ("test", "loss"),
}


def read_json(path: Path) -> Any:
    """The content of the JSON file at `path`; a `StudyError` where it is not JSON."""
    try:
        return loads(path.read_bytes())
    except FileNotFoundError:
        raise StudyError(f"{path} does not exist; the job that makes it has not run") from None
    except (ValueError, RecursionError) as error:
        raise StudyError(f"{path} is not JSON ({error}); remove it and run again") from None


def read_summary(path: Path) -> dict[str, Any]:
    """The result file of an experiment at `path`."""
    return read_record(path, SUMMARY_SCHEMA)


def read_record(path: Path, wanted: int = SCHEMA) -> dict[str, Any]:
    """The JSON file at `path`, which a job of this version of the study wrote."""
    found = read_json(path)
    schema = found.get("schema") if isinstance(found, dict) else None
    if schema != wanted:
        raise StudyError(
            f"{path} was made by another version of the study (its schema is {schema}, this "
            f"version's {wanted}); move it or the results that it lies among away, and run again"
        )
    return found


def write_json(path: Path, value: Any) -> None:
    """Write `value` as JSON, in one step: a reader never sees half a file. NaN is refused."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".part")
    partial.write_text(json.dumps(value, indent=1, allow_nan=False) + "\n")
    partial.replace(path)


@functools.cache
def _contract(name: str) -> Draft202012Validator:
    return Draft202012Validator(yaml.safe_load(CONTRACTS[name].read_text()))


def write_result(path: Path, result: dict[str, Any]) -> None:
    """Write a result that fulfils the contract of `result.schema.yaml`; refuse any other."""
    require_contract(path, result)
    write_json(path, result)


def require_contract(path: Path, found: Any) -> None:
    """Refuse the content of a `result.json` or a `dataset.json` that is none of this version."""
    error = best_match(_contract(path.name).iter_errors(found))
    if error is not None:
        place = ".".join(map(str, error.absolute_path)) or "the top level"
        raise StudyError(
            f"{path}: {place}: {error.message[:200]}; this is no result of this version of the "
            "study. Move it away and run again"
        )


def require_this_version(paths: list[Path]) -> None:
    """Refuse the first of the results in `paths`, where they are there, that is of another version.

    Snakemake makes what other code made again, and would remove it first.
    """
    for path in paths:
        if path.exists():
            require_contract(path, read_record(path))


def check(path: Path, result: dict[str, Any], expected: dict[str, Any]) -> None:
    """Refuse a result that was made under other settings, code or data than `expected`.

    `expected` holds the keys of `result` to compare, such as `settings`, `code` and `data`.
    """
    for key, value in expected.items():
        difference = first_difference(result.get(key), value)
        if difference:
            raise StudyError(
                f"{path}: {key}{difference}. The result was made under other {key} than the "
                "study has now; remove it (or run with --forcerun) to make it again"
            )


def read_results(
    paths: list[Path], expected: list[dict[str, Any]], made_by: dict[str, Any], data: Path
) -> list[dict[str, Any]]:
    """The results in `paths`, each refused that was not made as the study now says.

    That is with the settings `expected[i]`, by the code `made_by`, on the data described in the
    file `data`.
    """
    description = read_record(data)
    wanted = {
        "code": made_by,
        "data": {key: description[key] for key in ("name", "digest", "source")},
    }
    results = []
    for path, settings in zip(paths, expected, strict=True):
        results.append(read_json(path))
        require_contract(path, results[-1])
        check(path, results[-1], {"settings": settings, **wanted})
    return results


def gather(
    experiment: dict[str, Any],
    expected: list[dict[str, Any]],
    made_by: dict[str, Any],
    paths: list[Path],
    histories: list[Path],
    data: Path,
    best: list[Path],
    starts: list[Path],
) -> dict[str, Any]:
    """The result file of an experiment from its runs' results, one for each seed.

    `experiment` holds name, number, title and role; `histories` are the runs' history.csv, which
    become lists of numbers by column, None for one that is not finite. A result is refused that was
    not made with the settings `expected[i]`, by the code `made_by`, on the data described in the
    file `data`, with another network than the search chose in the file `best[0]`, or from other
    weights than those of the file `starts[i]`.
    """
    chosen = read_record(best[0]) if best else None
    runs = read_results(paths, expected, made_by, data)
    for number, (path, run) in enumerate(zip(paths, runs, strict=True)):
        # Never averaged: it is part of what was trained.
        check(path, run, {"precision": runs[0]["precision"]})
        check(path, run, {"choice": choice_of(chosen)})
        if starts and run["status"] != "failed":
            check(path, run, {"start": run["start"] | {"digest": sha256(starts[number])}})
    first = next((run for run in runs if run["network"]), runs[0])
    # Where runs choose their weights themselves, one that took ImageNet's speaks for all.
    start = next((run["start"] for run in runs if run["start"]["name"] == IMAGENET), first["start"])
    shared = ("choice", "code", "data", "start", "network", "precision")
    own = {*shared, "settings"}
    return {
        "schema": SUMMARY_SCHEMA,
        **experiment,
        "dataset": first["data"]["name"],
        "generated": first["data"]["source"] == "generated",
        **{key: first[key] for key in shared},
        "start": start,
        "settings": {k: v for k, v in first["settings"].items() if k != "seed"},
        "runs": [
            {key: value for key, value in run.items() if key not in own}
            | {
                "path": str(Path(*path.parts[-4:-1])),
                "start_digest": run["start"]["digest"],
                "history": _columns(history),
            }
            for path, run, history in zip(paths, runs, histories, strict=True)
        ],
        "metrics": summarised(runs),
        "statuses": {
            status: sum(run["status"] == status for run in runs)
            for status in sorted({run["status"] for run in runs})
        },
        "device_seconds": _mean_and_total([run["device_seconds"] for run in runs]),
        "seconds": _mean_and_total([run["seconds"]["total"] for run in runs]),
        "search": chosen,
    }


def choice_of(best: dict[str, Any] | None) -> dict[str, Any]:
    """What a search's best trial lays over a run's settings; nothing where there is no search."""
    choice = {"network": {}, "training": {}, "status": "proposed", "reason": None}
    if best is None:
        return choice
    # The winner is trained again at the experiment's own length, not at the trial's.
    training = {key: value for key, value in best["training"].items() if key in RECIPE}
    choice |= {"network": best["network"], "training": training}
    if best["trial"] is not None:
        return choice
    why = best.get("error")
    reason = "the search found no network" + (f"; of most of its trials: {why}" if why else "")
    return choice | {"status": "failed", "reason": reason}


def summarised(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Mean, sample standard deviation and values over the seeds' runs that ended in a network."""
    counted = [run for run in runs if run["status"] in COUNTED]
    columns = {
        name: [run["metrics"][split][metric] for run in counted]
        for name, (split, metric) in METRICS.items()
    }
    columns["running_train_top1"] = [run["metrics"]["running_train_top1"] for run in counted]
    summary = {}
    for name, values in columns.items():
        known = [value for value in values if value is not None]
        split = name.removeprefix("running_").partition("_")[0]
        summary[name] = {
            "mean": float(np.mean(known)) if known else None,
            "spread": float(np.std(known, ddof=1)) if len(known) > 1 else None,
            "n": len(known),
            "values": values,
            "pictures": counted[0]["metrics"][split]["pictures"] if counted else 0,
        }
    return summary


def _columns(path: Path) -> dict[str, list[float | None]]:
    columns: dict[str, list[float | None]] = {}
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file)
            columns = {name: [] for name in rows.fieldnames or ()}
            for row in rows:
                for name, cell in row.items():
                    number = float(cell or "nan")
                    columns[name].append(number if math.isfinite(number) else None)
    except (csv.Error, TypeError, ValueError) as error:
        raise StudyError(
            f"{path} is no table of numbers ({error}); remove the run and make it again"
        ) from None
    return columns


def _mean_and_total(values: list[float]) -> dict[str, float]:
    return {"mean": float(np.mean(values)), "total": float(np.sum(values))}
