"""Whether the metrics that are reported are those of the predictions that are stored."""

from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import pandas as pd

from imagestudy.errors import StudyError
from imagestudy.results import read_json
from imagestudy.stored import metrics, read_stored


def verified(results: Sequence[Path], predictions: Sequence[Path]) -> pd.DataFrame:
    """A row per run and metric of the test pictures: `experiment`, `seed`, `metric`, `value`.

    All are computed from the predictions; a `StudyError` names the results that say otherwise.
    """
    rows, wrong = [], []
    for path, stored in zip(results, predictions, strict=True):
        result = read_json(path)
        wrong += [f"{path}: {each}" for each in metric_differences(stored, result)]
        run = {"experiment": result["experiment"], "seed": result["seed"]}
        found = _metrics_of(stored)
        rows += [run | {"metric": metric, "value": value} for metric, value in found.items()]
    if wrong:
        raise StudyError(
            "\n  ".join(["results that are not what their predictions amount to:", *wrong])
        )
    return pd.DataFrame(rows, columns=["experiment", "seed", "metric", "value"])


def metric_differences(predictions: Path | IO[bytes], result: dict[str, Any]) -> list[str]:
    """The test metrics of a result that its predictions do not amount to, each in words."""
    recorded = (result["metrics"] or {}).get("test", {})
    found = _metrics_of(predictions)
    return [
        f"test {metric} of {result['experiment']}, seed {result['seed']}, is recorded as "
        f"{recorded.get(metric)}, the predictions give {found.get(metric)}"
        for metric in sorted(recorded.keys() | found.keys())
        if recorded.get(metric) != found.get(metric)
    ]


def _metrics_of(predictions: Path | IO[bytes]) -> dict[str, Any]:
    """The metrics of the predictions; none where there are no predictions."""
    stored = read_stored(predictions)
    return metrics(stored.log_probabilities, stored.labels) if len(stored.labels) else {}
