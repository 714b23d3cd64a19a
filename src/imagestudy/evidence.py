"""Everything the report argues from: the result files of a study, read and in order."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from imagestudy import statistics
from imagestudy.results import read_json
from imagestudy.sources import IMAGENET


@dataclass(frozen=True)
class Evidence:
    """A study's results, each dictionary by name and in the order of the config.

    `study`: title, subtitle, authors, scale, seeds; bundle (commit, packed, digest), None where the
    study ran here; experiments (title, role, number, script), searches (title, proposer, space or
    candidates) and datasets (title), by name. `best`: of each search one for each of its seeds.
    `original`: what `report/original.yaml` says.
    """

    study: dict[str, Any]
    experiments: dict[str, dict[str, Any]]
    datasets: dict[str, dict[str, Any]]
    ledgers: dict[str, pd.DataFrame]
    best: dict[str, list[dict[str, Any]]]
    original: dict[str, Any]

    @classmethod
    def read(
        cls,
        study: dict[str, Any],
        summaries: Iterable[str],
        datasets: Iterable[str],
        ledgers: Iterable[str],
        best: Iterable[str],
        original: str,
    ) -> "Evidence":
        """Read the files; the title and role of an experiment are the study's, not the file's."""
        found = {Path(path).stem: read_json(Path(path)) for path in summaries}
        data = {Path(path).parent.name: read_json(Path(path)) for path in datasets}
        rows = {Path(path).parent.name: pd.read_csv(path) for path in ledgers}
        chosen = [read_json(Path(path)) for path in best]
        return cls(
            study=study,
            experiments={name: found[name] | block for name, block in study["experiments"].items()},
            datasets={name: data[name] | block for name, block in study["datasets"].items()},
            ledgers={name: rows[name] for name in study["searches"]},
            best={
                name: [each for each in chosen if each["search"] == name]
                for name in study["searches"]
            },
            original=yaml.safe_load(Path(original).read_text()),
        )

    @property
    def generated(self) -> bool:
        """Whether any picture was made up."""
        return any(data["source"] == "generated" for data in self.datasets.values())

    def of_role(self, role: str) -> dict[str, dict[str, Any]]:
        """The experiments of a role."""
        return {name: each for name, each in self.experiments.items() if each["role"] == role}

    def row(self, name: str) -> dict[str, Any] | None:
        """The original's row that an experiment repeats; None for controls and new recipes."""
        if self.experiments[name]["role"] != "original":
            return None
        return self.original["rows"].get(name)

    def estimate(self, name: str, metric: str) -> statistics.Estimate:
        """An experiment's metric over its seeds."""
        return statistics.of_metric(self.experiments[name]["metrics"][metric])

    def values(self, name: str, metric: str) -> dict[int, float]:
        """An experiment's metric of each seed that was measured."""
        split, _, kind = metric.partition("_")
        return {
            run["seed"]: run["metrics"][split][kind]
            for run in self.experiments[name]["runs"]
            if run["metrics"]
        }

    def values_of_searches(self, name: str, metric: str) -> dict[int, float]:
        """A metric of each seed of an experiment's search: the mean over its network's runs.

        The experiments that train what the same search found with its other seeds are counted.
        """
        search, values = self.experiments[name]["search"]["search"], {}
        for other, each in self.experiments.items():
            known = list(self.values(other, metric).values())
            if each["search"] and each["search"]["search"] == search and known:
                values.setdefault(each["search"]["seed"], statistics.mean_and_spread(known)[0])
        return values

    def classes(self, name: str) -> int:
        """The number of classes of an experiment's data."""
        return len(self.datasets[self.experiments[name]["dataset"]]["classes"])

    def with_proposer(self, proposer: str) -> str | None:
        """The experiment whose network a search of this proposer chose, the original's first."""
        ordered = self.of_role("original") | self.experiments
        for name, each in ordered.items():
            if each["search"] and each["search"]["proposer"] == proposer:
                return name
        return None

    def has_seen(self, name: str) -> bool:
        """Whether a network of the experiment began as one that had seen its pictures' labels.

        ASSUME: of all pictures only Tiny ImageNet's are ImageNet's; of a person's own, they know.
        """
        each = self.experiments[name]
        of_imagenet = self.datasets[each["dataset"]]["format"] == "tiny_imagenet"
        return of_imagenet and each["start"]["provenance"] == IMAGENET

    def from_scratch(self, dataset: str, script: str) -> str | None:
        """The control of a script's network on a data set, trained from scratch.

        On a person's own pictures that is the experiment itself.
        """
        for name, each in (self.of_role("control") | self.of_role("own")).items():
            same = (each["dataset"], each["settings"]["script"]) == (dataset, script)
            if same and each["start"]["provenance"] == "scratch":
                return name
        return None


def summary_frame(evidence: Evidence) -> pd.DataFrame:
    """A row per experiment: the original's cells, ours with spread, interval, seeds and cost."""
    rows = []
    for name, each in evidence.experiments.items():
        original = evidence.row(name) or {}
        row = {
            "number": each["number"],
            "experiment": name,
            "title": each["title"],
            "role": each["role"],
            "dataset": each["dataset"],
            "dataset_title": evidence.datasets[each["dataset"]]["title"],
            "generated": each["generated"],
            "classes": evidence.classes(name),
            "original_train": original.get("train"),
            "original_validation": original.get("validation"),
        }
        for metric in ("running_train_top1", "train_top1", "selection_top1", "test_top1"):
            row |= _flat(metric, evidence.estimate(name, metric))
        row |= _flat("test_top5", evidence.estimate(name, "test_top5"))
        network = each["network"] or {}
        row |= {key: network.get(key) for key in ("parameters", "layers", "flops")}
        row["device_seconds"] = each["device_seconds"]["mean"]
        row["runs"] = "; ".join(f"{key} {count}" for key, count in each["statuses"].items())
        rows.append(row)
    return pd.DataFrame(rows)


def _flat(metric: str, found: statistics.Estimate) -> dict[str, Any]:
    return {
        metric: found.mean,
        f"{metric}_spread": found.spread,
        f"{metric}_low": found.low,
        f"{metric}_high": found.high,
        f"{metric}_seeds": found.seeds,
        f"{metric}_pictures": found.pictures,
    }
