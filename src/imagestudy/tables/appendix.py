"""The appendix: data, digests, settings, every run with its status, software and hardware."""

import json
from typing import Any

from imagestudy import latex
from imagestudy.evidence import Evidence
from imagestudy.latex import LEFT, Table
from imagestudy.provenance import digest
from imagestudy.tables import links

DIGITS = 12
SHORT = 7
SOURCES = {
    "official": "the official archive",
    "generated": "generated for the demo",
    "own": "the user's own pictures",
}


def data(evidence: Evidence) -> Table:
    """Each data set: classes, pictures of each split, sizes and duplicates."""
    rows = []
    for each in evidence.datasets.values():
        splits = each["splits"]
        rows.append(
            [
                latex.title(each["title"]),
                latex.escape(SOURCES[each["source"]]),
                str(len(each["classes"])),
                *(latex.count(splits[name]["pictures"]) for name in ("train", "selection", "test")),
                _size(each["source_size"]),
                _size([each["image_size"]] * 2),
                latex.count(each["duplicates"]["across_count"]),
            ]
        )
    headings = ["data", "source", "classes", "train", "selection", "test", "given", "used", "dupl."]
    return Table(f"l{LEFT}rrrrllr", headings, rows)


def digests(evidence: Evidence) -> Table:
    """Digests of the data, and of the code that made each experiment."""
    rows = [
        ["data", latex.title(each["title"]), _digest(each["digest"])]
        for each in evidence.datasets.values()
    ]
    for name, each in evidence.experiments.items():
        rows.append(["code", latex.code(name), _digest(each["code"]["digest"])])
    for name, each in evidence.experiments.items():
        if each["start"]["digest"]:
            rows.append(["start", latex.code(name), _digest(each["start"]["digest"])])
    return Table(f"l{LEFT}l", ["digest of", "name", "SHA-256 (beginning)"], rows)


def settings(evidence: Evidence) -> Table:
    """All settings: those that hold for every experiment once, then what is each one's own."""
    found = {name: _all_settings(each) for name, each in evidence.experiments.items()}
    first = next(iter(found.values()))
    shared = {
        key: value
        for key, value in first.items()
        if all(key in own and own[key] == value for own in found.values())
    }
    blocks = {r"\emph{all}": shared}
    for name, own in found.items():
        left = {key: value for key, value in own.items() if key not in shared}
        blocks[latex.code(name)] = left
    rows, rules = [], []
    for label, block in blocks.items():
        rules.append(len(rows))
        for key, value in block.items():
            rows.append([label if len(rows) == rules[-1] else "", *_setting(key, value)])
    align = "".join(latex.left(width) for width in (32, 64, 48))
    return Table(align, ["experiment", "setting", "value"], rows, rules=rules[1:])


def _all_settings(experiment: dict[str, Any]) -> dict[str, Any]:
    settings, choice = experiment["settings"], experiment["choice"]
    shown = {key: settings[key] for key in ("script", "start", "dataset", "network", "training")}
    shown |= {key: settings[key] for key in ("device_seconds",) if key in settings}
    # The space is in a table of its own.
    network = {key: value for key, value in choice["network"].items() if key != "space"}
    found = network.pop("hyperparameters", {})
    chosen = {"chosen network": network, "chosen training": choice["training"]}
    return _flat(shown | chosen) | {f"chosen {key}": value for key, value in found.items()}


def _flat(value: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    rows = {}
    for key, each in value.items():
        if isinstance(each, dict):
            rows |= _flat(each, f"{prefix}{key}.")
        else:
            rows[prefix + key] = each
    return rows


def _setting(key: str, value: Any) -> list[str]:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return [latex.code(key), latex.code(text)]


def runs(evidence: Evidence) -> Table:
    """Every run with its status; none is left out."""
    rows, rules = [], []
    for name, each in evidence.experiments.items():
        rules.append(len(rows))
        for number, run in enumerate(each["runs"]):
            target = links.target("run", name) if number == 0 else ""
            made_with = digest(each["settings"] | {"seed": run["seed"]})
            metrics = run["metrics"] or {}
            rows.append(
                [
                    target + (latex.code(name) if number == 0 else ""),
                    str(run["seed"]),
                    latex.escape(run["status"].replace("_", " ")),
                    f"{run['best_epoch']}/{run['epochs']}",
                    latex.accuracy(metrics["test"]["top1"] if metrics else None),
                    latex.duration(run["seconds"]["total"]),
                    latex.duration(run["device_seconds"]),
                    latex.breakable(run["hardware"]["device"]),
                    rf"{latex.count(run['peak_memory_mb'])}\,MB",
                    _digest(made_with, SHORT),
                    _commit(run["commit"]),
                ]
            )
    headings = ["experiment", "seed", "status", "epoch", "test"]
    headings += ["time", "device", "on", "memory", "settings", "commit"]
    align = f"{latex.left(23)}r{latex.left(14)}lrrr{latex.left(10)}rll"
    return Table(align, headings, rows, rules=rules[1:], together=True)


def software(evidence: Evidence) -> Table:
    """Programs and machines that made the runs: every value that occurs, once."""
    found: dict[str, list[str]] = {}
    for each in evidence.experiments.values():
        for run in each["runs"]:
            used = {"threads used": run["threads_used"], "precision": each["precision"]}
            given = run["software"] | run["hardware"] | {"threads": run["threads"]}
            for key, value in (given | used).items():
                seen = found.setdefault(key, [])
                if str(value) not in seen:
                    seen.append(str(value))
    rows = [[latex.code(key), latex.breakable("; ".join(seen))] for key, seen in found.items()]
    return Table(f"l{LEFT}", ["name", "value"], rows)


def _size(size: list[int] | None) -> str:
    """Width and height in pixels; pictures of a user's own may be of several sizes."""
    return latex.escape(f"{size[0]} × {size[1]}") if size else "several"


def _commit(commit: str | None) -> str:
    if not commit:
        return latex.MISSING
    return _digest(commit, SHORT) + ("+" if commit.endswith("-dirty") else "")


def _digest(digest: str, digits: int = DIGITS) -> str:
    return rf"\texttt{{{latex.escape(digest[:digits])}}}"
