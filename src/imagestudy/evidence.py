"""Everything the report argues from: the result files of a study, read and in order."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pandas as pd
import yaml

from imagestudy import statistics
from imagestudy.bundle import UNSAID
from imagestudy.data import chance
from imagestudy.results import read_json, read_record, read_summary
from imagestudy.search.ledger import read_ledger
from imagestudy.sources import IMAGENET

Pair = tuple[str, str]


class Files(Protocol):
    """Where the results lie: a path, or a list of them, of each kind."""

    summaries: Iterable[str]
    data: Iterable[str]
    ledgers: Iterable[str]
    best: Iterable[str]
    examination: str
    development: str
    original: str
    anchors: str
    earlier: str


@dataclass(frozen=True)
class Evidence:
    """A study's results, each dictionary by name and in the order of the config.

    `study`: title, subtitle, authors, scale, seeds; bundle (commit, packed, digest),
    None where the study ran here; what is compared; experiments (title, role,
    number, script), searches (title, proposer, space or candidates) and datasets (title), by name.
    `best`: of each search one for each of its seeds. `histories`: of each experiment one for each
    seed. `development`: every try behind the recipes, a ledger with a column `experiment`.
    `examined`: what `examination.examine` found. `original`, `anchors`, `earlier`: what the files
    of these names under `report/` say.
    """

    study: dict[str, Any]
    experiments: dict[str, dict[str, Any]]
    datasets: dict[str, dict[str, Any]]
    ledgers: dict[str, pd.DataFrame]
    best: dict[str, list[dict[str, Any]]]
    histories: dict[str, dict[int, pd.DataFrame]]
    development: pd.DataFrame
    examined: dict[str, Any]
    original: dict[str, Any]
    anchors: dict[str, Any]
    earlier: dict[str, list[dict[str, Any]]]

    @classmethod
    def read(cls, study: dict[str, Any], files: Files) -> "Evidence":
        """Read the files; the title and role of an experiment are the study's, not the file's."""
        found = {Path(path).stem: read_summary(Path(path)) for path in files.summaries}
        data = {Path(path).parent.name: read_record(Path(path)) for path in files.data}
        rows = {Path(path).parent.name: read_ledger(Path(path)) for path in files.ledgers}
        chosen = [read_record(Path(path)) for path in files.best]
        return cls(
            study=study,
            experiments={name: found[name] | block for name, block in study["experiments"].items()},
            datasets={name: data[name] | block for name, block in study["datasets"].items()},
            ledgers={name: rows[name] for name in study["searches"]},
            best={
                name: [each for each in chosen if each["search"] == name]
                for name in study["searches"]
            },
            histories={
                name: {
                    run["seed"]: pd.DataFrame(run["history"], dtype=float) for run in each["runs"]
                }
                for name, each in found.items()
            },
            development=read_ledger(Path(files.development)),
            examined=read_json(Path(files.examination)),
            original=yaml.safe_load(Path(files.original).read_text()),
            anchors=yaml.safe_load(Path(files.anchors).read_text()),
            earlier=yaml.safe_load(Path(files.earlier).read_text()),
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

    def training(self, name: str) -> dict[str, Any]:
        """How an experiment was to be trained, with what a bundle packed earlier does not say."""
        return UNSAID | self.experiments[name]["settings"]["training"]

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

    def examined_mean(self, name: str, key: str) -> tuple[float | None, float | None]:
        """Mean and spread over seeds of what was measured on the predictions."""
        seeds = self.examined["networks"][name].values()
        return statistics.mean_and_spread([each[key] for each in seeds])

    def ranked(self, dataset: str) -> list[str]:
        """The experiments on a data set by their mean test accuracy, the highest first.

        What has seen the pictures before, or was never measured, is not among them.
        """
        means = {
            name: self.estimate(name, "test_top1").mean
            for name, each in self.experiments.items()
            if each["dataset"] == dataset and not self.has_seen(name)
        }
        known = {name: mean for name, mean in means.items() if mean is not None}
        return sorted(known, key=known.__getitem__, reverse=True)

    def classes(self, name: str) -> int:
        """The number of classes of an experiment's data."""
        return len(self.datasets[self.experiments[name]["dataset"]]["classes"])

    def chance(self, dataset: str) -> float:
        """The test accuracy of guessing: the part of the pictures in the largest class."""
        return chance(self.datasets[dataset])

    def networks_of_searches(self, name: str) -> dict[int, dict[str, Any]]:
        """The network of each seed of an experiment's search that was trained again."""
        search, networks = self.experiments[name]["search"]["search"], {}
        for each in self.experiments.values():
            if each["search"] and each["search"]["search"] == search and each["network"]:
                networks.setdefault(each["search"]["seed"], each["network"])
        return networks

    def with_proposer(self, proposer: str, dataset: str) -> str | None:
        """The experiment on a data set whose network a search of this proposer chose.

        The original's comes first.
        """
        ordered = self.of_role("original") | self.experiments
        for name, each in ordered.items():
            own = each["dataset"] == dataset and each["search"]
            if own and each["search"]["proposer"] == proposer:
                return name
        return None

    def pairs_of_searches(self, first: str, second: str) -> list[Pair]:
        """Experiments on the same data that searches of two proposers chose, the original's first.

        At most one pair for each data set.
        """
        used = dict.fromkeys(each["dataset"] for each in self.experiments.values())
        found = [
            (self.with_proposer(first, name), self.with_proposer(second, name)) for name in used
        ]
        return [(one, other) for one, other in found if one and other]

    def has_seen(self, name: str) -> bool:
        """Whether a network of the experiment began as one that had seen its pictures' labels."""
        each = self.experiments[name]
        return has_seen(each, self.datasets[each["dataset"]])

    @property
    def declared(self) -> list[Pair]:
        """The pairs of experiments declared to be compared."""
        return [(one, other) for pairs in self.study["families"].values() for one, other in pairs]

    def pair(self, first_script: str, second_script: str, few: bool = False) -> Pair | None:
        """The first declared pair of experiments with these scripts.

        With `few` it is the one that both train on the same part of the training pictures.
        """
        for pair in self.declared:
            settings = [self.experiments[name]["settings"] for name in pair]
            same = [each["script"] for each in settings] == [first_script, second_script]
            pictures = {each["training"]["pictures"] for each in settings}
            if same and few == (len(pictures) == 1 and None not in pictures):
                return pair
        return None


def has_seen(experiment: dict[str, Any], dataset: dict[str, Any]) -> bool:
    """Whether a network began as one that had seen its pictures' labels.

    ASSUME: of all pictures only Tiny ImageNet's are ImageNet's; of a person's own, they know.
    """
    of_imagenet = dataset["format"] == "tiny_imagenet"
    return of_imagenet and experiment["start"]["provenance"] == IMAGENET


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
            "guessing": evidence.chance(each["dataset"]),
            "has_seen": evidence.has_seen(name),
            "original_train": original.get("train"),
            "original_validation": original.get("validation"),
        }
        for metric in ("running_train_top1", "train_top1", "selection_top1", "test_top1"):
            row |= _flat(metric, evidence.estimate(name, metric))
        row |= _flat("test_top5", evidence.estimate(name, "test_top5"))
        row["test_loss"] = each["metrics"]["test_loss"]["mean"]
        row["calibration_error"], _ = evidence.examined_mean(name, "calibration_error")
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
        f"{metric}_interval": found.method,
        f"{metric}_seeds": found.seeds,
        f"{metric}_pictures": found.pictures,
    }
