"""What jobs will take: from what the same or similar ones took earlier, and else from a probe."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from imagestudy.counts import picture_counts
from imagestudy.errors import StudyError
from imagestudy.results import read_json, write_json
from imagestudy.settings import Study
from imagestudy.settings_checks import OWN_SEARCH

# The two kinds of process that are no trainings: with Keras, and with what draws and tabulates.
KERAS, LIGHT = "import imagestudy.lean, autokeras", "import pandas, scipy.stats, matplotlib.figure"
WITH_KERAS = ("propose", "export", "probe_engine")
# ASSUME: LaTeX takes as long as so many light processes; it runs several times.
LATEX = ("compile_report", 6)
# ASSUME: a picture of an archive is read and decoded, or made up, and written in so many seconds.
OF_A_PICTURE = {"prepare": 0.0004, "generate": 0.0007}
USUAL_MB = 900
PROBED_TRIALS = 3  # of a search's first round
OF_JOB = ("rule", "threads", "gpus", "devices")


class Job(NamedTuple):
    """A job that a dry run would execute; `benchmark` is where its times will be written."""

    rule: str
    wildcards: dict[str, str]
    threads: int
    gpus: int
    benchmark: Path
    outputs: list[Path]

    @property
    def devices(self) -> int:
        """Device-seconds of a second, as results count them: one for a GPU, else for a thread."""
        return self.gpus or self.threads

    @property
    def trained(self) -> tuple[str, str] | None:
        """Of a training the kind of its block in the config, and the block's name."""
        if self.rule == "run":
            return "experiments", self.wildcards["experiment"]
        return ("searches", self.wildcards["search"]) if self.rule == "trial" else None


class Cost(NamedTuple):
    """Seconds of a job, its peak memory and its outputs' size in MB, and what says so."""

    seconds: float
    memory_mb: float
    disk_mb: float
    source: str


def estimate(jobs: Sequence[Job], study: Study, root: Path, results: Path) -> pd.DataFrame:
    """A row for each job: `rule`, `threads`, `gpus`, `devices`, and what it will take.

    That is `seconds`, `memory_mb`, `disk_mb`, and `from`, which says how that is known.

    `root` is the study's folder, `results` that of its results. What no earlier benchmark tells, a
    probe does: it trains each network a little, which takes about a minute.
    """
    costs = [_earlier(job) for job in jobs]
    unknown = [job for job, cost in zip(jobs, costs, strict=True) if cost is None]
    probed = iter(_probed(unknown, study, root, results) if unknown else ())
    rows = [
        {
            **{key: getattr(job, key) for key in OF_JOB},
            **(cost or next(probed))._asdict(),
        }
        for job, cost in zip(jobs, costs, strict=True)
    ]
    table = pd.DataFrame(rows, columns=[*OF_JOB, *Cost._fields])
    return _within_budgets(table, jobs, study).rename(columns={"source": "from"})


def summed(table: pd.DataFrame, cores: int, gpus: int) -> pd.DataFrame:
    """A row per rule and one of `all`, which has the `hours` too until everything is done.

    Columns: `rule`, `jobs`, `device_hours`, `memory_mb` (the largest), `disk_mb`, `from`, `hours`.

    ASSUME: the cores are always busy, or the GPUs, whichever takes longer.
    """
    hours = table["seconds"] / 3600
    table = table.assign(device_hours=hours * table["devices"], jobs=1)
    kinds = {"jobs": "sum", "device_hours": "sum", "memory_mb": "max", "disk_mb": "sum"}
    rules = table.groupby("rule", sort=False).agg(kinds | {"from": _sources})
    total = table.agg(kinds).to_frame().T.assign(**{"from": "", "rule": "all"}).set_index("rule")
    found = pd.concat([rules, total])
    of_gpus = (hours * table["gpus"]).sum() / max(gpus, 1)
    found.loc["all", "hours"] = max((hours * table["threads"]).sum() / cores, of_gpus)
    return found.astype({"jobs": int}).reset_index()


def _sources(sources: pd.Series) -> str:
    return " and ".join(sorted(set(sources)))


def _earlier(job: Job) -> Cost | None:
    """What the same job took earlier, or the mean of similar ones; None where none ran."""
    folder = job.benchmark
    while folder.name != job.rule and folder != folder.parent:
        folder = folder.parent
    pattern = f"{job.trained[1]}-[0-9]*.tsv" if job.trained else "**/*.tsv"
    paths = [job.benchmark] if job.benchmark.exists() else sorted(folder.glob(pattern))
    if not paths:
        return None
    found = pd.concat([pd.read_csv(path, sep="\t") for path in paths])
    seconds = pd.to_numeric(found["s"], errors="coerce").mean()
    memory = pd.to_numeric(found["max_rss"], errors="coerce").max()
    disk = sum(path.stat().st_size for path in job.outputs if path.is_file()) / 1e6
    return Cost(float(seconds), float(memory), disk, "earlier jobs")


def _probed(jobs: list[Job], study: Study, root: Path, results: Path) -> list[Cost]:
    """What the jobs will take, from short processes of each kind that run now."""
    counts = {
        name: picture_counts(block, results / "data" / name / "dataset.json")
        for name, block in study.datasets.items()
    }
    keras = _seconds_of(KERAS, root) if any(_with_keras(job) for job in jobs) else 0.0
    light = _seconds_of(LIGHT, root)
    trainings = {job.trained: job for job in jobs if job.trained and not _own_search(job, study)}
    asked = [each for job in trainings.values() for each in _trainings(job, study, root, counts)]
    found = _of_probe(asked, root, results / "engine.json") if asked else []
    costs = []
    for job in jobs:
        if _own_search(job, study):
            seconds = study.experiments[job.trained[1]]["device_seconds"] / job.devices
            costs.append(Cost(seconds, USUAL_MB, 0.0, "its budget"))
        elif job.trained:
            own = [f for a, f in zip(asked, found, strict=True) if a["block"] == list(job.trained)]
            mean = {key: sum(each[key] for each in own) / len(own) for key in own[0]}
            costs.append(
                Cost(keras + mean["seconds"], mean["memory_mb"], mean["disk_mb"], "a probe")
            )
        else:
            costs.append(_of_other(job, counts, keras, light))
    return costs


def _own_search(job: Job, study: Study) -> bool:
    """Whether the job searches by itself, for as long as its budget lasts."""
    blocks = study.experiments if job.rule == "run" else {}
    return bool(blocks) and blocks[job.trained[1]]["script"] == OWN_SEARCH


def _with_keras(job: Job) -> bool:
    return bool(job.trained) or job.rule in WITH_KERAS


def _of_other(job: Job, counts: dict[str, dict[str, int]], keras: float, light: float) -> Cost:
    """What a job takes that trains nothing."""
    seconds, disk = keras if _with_keras(job) else light, 0.0
    if job.rule == LATEX[0]:
        seconds *= LATEX[1]
    if job.rule in OF_A_PICTURE:
        own = counts[job.wildcards["dataset"]]
        pictures = sum(own[name] for name in ("train", "selection", "test", "unlabelled"))
        seconds += OF_A_PICTURE[job.rule] * pictures
        disk = pictures * 3 * own["image_size"] ** 2 / 1e6
    return Cost(seconds, USUAL_MB if _with_keras(job) else USUAL_MB / 4, disk, "a probe")


def _trainings(
    job: Job, study: Study, root: Path, counts: dict[str, dict[str, int]]
) -> list[dict[str, Any]]:
    """What the probe is asked: the job's training; of a search the first trials'."""
    kind, name = job.trained
    block = getattr(study, kind)[name]
    search = name if kind == "searches" else block.get("search")
    seed = study.searches[search]["seeds"][0] if search else 0
    asked = {
        "block": [kind, name],
        "script": str(root / "scripts" / "experiments" / f"{block['script']}.py"),
        "threads": job.threads,
        "counts": counts[block["dataset"]],
        "search": study.search_settings(search, seed) if search else None,
    }
    if kind == "experiments":
        return [asked | {"settings": study.run_settings(name, study.seeds(name)[0])}]
    trials = min(PROBED_TRIALS, block["trials_per_round"])
    return [
        asked | {"settings": study.trial_settings(name, seed, 1, number)}
        for number in range(1, trials + 1)
    ]


def _of_probe(asked: list[dict[str, Any]], root: Path, engine: Path) -> list[dict[str, float]]:
    """What the probe finds, in a process of its own, since Keras keeps the memory it takes."""
    found = str(engine.resolve()) if engine.exists() else None
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        write_json(place / "asked.json", {"trainings": asked, "engine": found})
        _run(["-m", "imagestudy.probe", folder], root)
        return read_json(place / "found.json")


def _seconds_of(code: str, root: Path) -> float:
    began = time.monotonic()
    _run(["-c", code], root)
    return time.monotonic() - began


def _run(arguments: list[str], root: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(root / "src"), "TF_CPP_MIN_LOG_LEVEL": "2"}
    ended = subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if ended.returncode:
        raise StudyError(f"the probe ended with an error:\n{ended.stderr[-2000:]}")


def _within_budgets(table: pd.DataFrame, jobs: Sequence[Job], study: Study) -> pd.DataFrame:
    """The table with the trials of each search shortened to its budget of device-seconds."""
    searched = [
        (job.wildcards["search"], job.wildcards["seed"]) if job.rule == "trial" else None
        for job in jobs
    ]
    spent: dict[tuple[str, str], float] = {}
    for each, seconds, devices in zip(searched, table["seconds"], table["devices"], strict=True):
        if each:
            spent[each] = spent.get(each, 0.0) + seconds * devices
    shares = [
        min(1.0, (study.searches[each[0]]["device_seconds"] or spent[each]) / spent[each])
        if each
        else 1.0
        for each in searched
    ]
    return table.assign(seconds=table["seconds"] * shares)
