"""What jobs will cost, told before they run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT

from imagestudy import probe
from imagestudy.counts import picture_counts
from imagestudy.datasets.synthetic import MOST_CLASSES
from imagestudy.estimates import OF_JOB, Job, estimate, summed
from imagestudy.settings import Study

DEMO = Study.load(ROOT, {"scale": "demo"})


def estimated(study, *arguments):
    command = [sys.executable, "envs/estimate.py", "--cores", "2", "report.pdf", *arguments]
    return subprocess.run(
        command,
        cwd=study.folder,
        env=os.environ | {"PYTHONPATH": "src"},
        capture_output=True,
        text=True,
        check=False,
    )


def trial(number, folder, seconds, gpus=0):
    path = folder / "trial" / f"hand-1-1-{number}.tsv"
    if seconds is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"s\th:m:s\tmax_rss\n{seconds}\t0:00:01\t500\n")
    return Job("trial", {"search": "hand", "seed": "1"}, 4 if gpus else 1, gpus, path, [])


def test_a_study_of_which_nothing_has_run_is_probed(fresh_study):
    ended = estimated(fresh_study)
    assert ended.returncode == 0, ended.stderr[-3000:]
    rows = {line.split()[0]: line.split() for line in ended.stdout.splitlines() if line.strip()}
    for rule, count in fresh_study.planned("report.pdf").items():
        assert rows[rule][1] == str(count)
        assert float(rows[rule][2]) >= 0
    assert float(rows["run"][2]) > 0
    assert "a probe" in ended.stdout
    assert "On 2 cores it would be done at about" in ended.stdout
    assert not (fresh_study.folder / "results").exists()


def test_more_classes_than_can_be_made_up_are_probed(tmp_path):
    """Tiny ImageNet has 200; scale cpu could not be estimated before anything had run."""
    dataset = Study.load(ROOT, {"scale": "cpu"}).dataset_settings("tiny_imagenet")
    asked = {
        "counts": {"classes": 200},
        "settings": {"training": {"batch_size": 8}, "dataset": dataset},
    }
    described = probe._data(asked, tmp_path)
    assert len(json.loads(described.read_text())["classes"]) == MOST_CLASSES
    made = described.stat().st_mtime_ns
    assert probe._data(asked, tmp_path) == described
    assert described.stat().st_mtime_ns == made
    other = asked | {"settings": {"training": {"batch_size": 16}, "dataset": dataset}}
    assert probe._data(other, tmp_path) != described


def test_what_was_found_of_the_engine_is_taken(fresh_study):
    (fresh_study.folder / "results" / "demo").mkdir(parents=True)
    engine = fresh_study.folder / "results" / "demo" / "engine.json"
    engine.write_text("{}")
    ended = estimated(fresh_study, "--config", "training={precision: auto}")
    assert ended.returncode != 0
    assert f"{engine} was made by another version of the study" in ended.stderr


def test_where_jobs_ran_before_their_own_times_are_taken(finished_study):
    changed = "experiments={alexnet: {training: {learning_rate: 0.02}}}"
    ended = estimated(finished_study, "--config", changed)
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert "a probe" not in ended.stdout
    row = next(line.split() for line in ended.stdout.splitlines() if line.split()[:1] == ["run"])
    path = finished_study.folder / "results" / "demo" / "benchmarks" / "run" / "alexnet-1.tsv"
    took = pd.read_csv(path, sep="\t")["s"].iloc[0]
    assert float(row[2]) == pytest.approx(took / 3600, abs=0.001)


def test_where_nothing_would_run_that_is_said(finished_study):
    assert "Nothing would run." in estimated(finished_study).stdout


def test_a_wrong_setting_is_named(fresh_study):
    ended = estimated(fresh_study, "--config", "experiments={alexnet: {lr: 1}}")
    assert ended.returncode != 0
    assert "experiments.alexnet has the unknown key 'lr'" in ended.stdout + ended.stderr


def test_similar_jobs_tell_of_one_that_never_ran(tmp_path):
    jobs = [trial(1, tmp_path, 10), trial(2, tmp_path, 20), trial(3, tmp_path, None)]
    table = estimate(jobs, DEMO, ROOT, tmp_path)
    assert list(table["seconds"]) == [10, 20, 15]
    assert set(table["from"]) == {"earlier jobs"}


@pytest.mark.parametrize("gpus", [0, 1])
def test_a_search_takes_no_more_than_its_budget(tmp_path, gpus):
    budget = DEMO.searches["hand"]["device_seconds"]
    jobs = [trial(number, tmp_path, budget, gpus) for number in (1, 2)]
    assert estimate(jobs, DEMO, ROOT, tmp_path)["seconds"].sum() == pytest.approx(budget)


def table_of(gpus):
    used = (4, gpus, gpus or 4)
    rows = [
        ("run", *used, 1800, 500, 1.0, "a probe"),
        ("run", *used, 1800, 900, 1.0, "earlier jobs"),
        ("select", 1, 0, 1, 0, 100, 0.0, "a probe"),
    ]
    columns = [*OF_JOB, "seconds", "memory_mb", "disk_mb", "from"]
    return pd.DataFrame(rows, columns=columns)


@pytest.mark.parametrize(("cores", "gpus", "hours"), [(16, 1, 1.0), (16, 2, 0.5), (2, 2, 2.0)])
def test_trainings_on_gpus_are_counted_by_these(cores, gpus, hours):
    found = summed(table_of(gpus=1), cores, gpus).set_index("rule")
    assert found.loc["all", "device_hours"] == 1
    assert found.loc["all", "hours"] == hours


def test_the_table_has_a_row_per_rule_and_the_total():
    found = summed(table_of(gpus=0), 4, 1).set_index("rule")
    assert found.loc["run", "device_hours"] == found.loc["all", "device_hours"] == 4
    assert found.loc["run", "from"] == "a probe and earlier jobs"
    assert (found.loc["all", "jobs"], found.loc["all", "memory_mb"]) == (3, 900)
    assert found.loc["all", "hours"] == 1


def test_pictures_are_counted_before_they_are_prepared(tmp_path):
    nowhere = Path("nowhere")
    block = {"format": "cifar10", "selection_fraction": 0.1, "image_size": 32}
    assert picture_counts(block, nowhere) == {
        "classes": 10, "train": 45000, "selection": 5000, "test": 10000, "unlabelled": 0,
        "image_size": 32,
    }  # fmt: skip
    few = block | {"train_pictures_per_class": 20, "test_pictures_per_class": 3}
    assert picture_counts(few, nowhere)["train"] == 180
    assert picture_counts(few, nowhere)["test"] == 30
    generated = block | {"generate": {"classes": 4, "train": 10, "test": 5, "unlabelled": 1}}
    assert picture_counts(generated, nowhere)["train"] == 36
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        for number in range(10):
            (tmp_path / name / f"{number}.png").touch()
    own = picture_counts(block | {"path": str(tmp_path)}, nowhere)
    assert (own["classes"], own["train"], own["selection"], own["test"]) == (2, 14, 2, 4)
