"""A study that a Slurm cluster performs: two seeds of one experiment, and what may befall them."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil
import yaml
from conftest import ROOT, TINY, StudyCopy
from hostile_names import FOLDER
from slurm_cluster import Cluster

TARGET = "results/demo/summary.csv"
PATIENCE = 900  # seconds
CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text())
ONE_EXPERIMENT = {
    "seeds": [1, 2],
    "datasets": {"tiny_imagenet": TINY["datasets"]["tiny_imagenet"], "cifar10": None},
    "training": TINY["training"],
    "experiments": dict.fromkeys(CONFIG["experiments"])
    | {"alexnet": TINY["experiments"]["alexnet"]},
    "searches": dict.fromkeys(CONFIG["searches"]),
}


class ClusterStudy:
    """A copy of the study, and Snakemake in it with the profile for Slurm."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.snakemake: subprocess.Popen | None = None

    @classmethod
    def of_one_experiment(cls, folder: Path, *, prepare: bool = True) -> "ClusterStudy":
        study = StudyCopy.new(folder)
        (folder / "scales" / "demo.yaml").write_text(yaml.safe_dump(ONE_EXPERIMENT))
        if prepare:
            ended = study.snakemake("--until", "prepare", TARGET)
            assert ended.returncode == 0, ended.stderr
        return cls(folder)

    def copy(self, folder: Path) -> "ClusterStudy":
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return ClusterStudy(folder)

    def measured_without_cluster(self, folder: Path) -> dict[str, dict]:
        """What a copy of this study in `folder` measures on one machine, undisturbed."""
        study = self.copy(folder)
        command = [sys.executable, "-m", "snakemake", "--cores", "2", TARGET]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        return study.metrics()

    def rename_own_pictures(self, name: str) -> None:
        """A cluster takes no backslash."""
        (self.folder / FOLDER).rename(self.folder / name)
        scale = self.folder / "scales" / "demo.yaml"
        config = yaml.safe_load(scale.read_text())
        config["datasets"]["own"]["path"] = name
        scale.write_text(yaml.safe_dump(config))

    def start(self, *arguments: str) -> "ClusterStudy":
        """Start the command that a person gives, with a profile that waits less."""
        command = [
            *(sys.executable, "envs/study.py", "--workflow-profile", "profiles/slurm"),
            *("--slurm-init-seconds-before-status-checks", "3", "--latency-wait", "5"),
            *arguments,
        ]
        with (self.folder / "output.txt").open("a") as output:
            self.snakemake = subprocess.Popen(
                command, cwd=self.folder, stdout=output, stderr=output, start_new_session=True
            )
        return self

    def finish(self) -> "ClusterStudy":
        assert self.snakemake.wait(PATIENCE) == 0, self.output()[-6000:]
        return self

    def kill_snakemake(self) -> None:
        self.snakemake.kill()
        self.snakemake.wait()

    def output(self) -> str:
        return (self.folder / "output.txt").read_text()

    def metrics(self) -> dict[str, dict]:
        """What all runs and trials have measured, by the place of their results."""
        results = (self.folder / "results" / "demo").rglob("result.json")
        return {
            str(path.relative_to(self.folder)): json.loads(path.read_text())["metrics"]
            for path in results
        }

    def kept(self) -> dict[str, int]:
        """When each result was written."""
        return {
            str(path.relative_to(self.folder)): path.stat().st_mtime_ns
            for path in (self.folder / "results" / "demo").rglob("result.json")
        }

    def at_work(self) -> list[Path]:
        """The locks of the runs that have begun."""
        return list((self.folder / "results" / "demo" / "logs" / "run").glob("*.lock"))

    def trainings(self) -> list[psutil.Process]:
        """The processes that train."""
        return [each for each in psutil.process_iter() if self._trains(each)]

    def _trains(self, process: psutil.Process) -> bool:
        try:
            words = process.cmdline()
            script = len(words) == 2 and words[1].endswith(".alexnet.py")
            return script and Path(process.cwd()) == self.folder
        except psutil.Error:
            return False


def wait_for(condition) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def clear(cluster: Cluster, study: ClusterStudy) -> None:
    """End what a test has left running."""
    if study.snakemake and study.snakemake.poll() is None:
        study.kill_snakemake()
    cluster.cancel_all()
