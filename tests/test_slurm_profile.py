"""What the profile for Slurm promises where there is no cluster; with one: test_slurm.py."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import slurm_cluster
import yaml
from conftest import ROOT
from hostile_names import FOLDER
from slurm_configuration import configuration

from imagestudy.clusters import require_quotable
from imagestudy.errors import StudyError

FILES = configuration(Path("/nowhere"), accounting=True)
SACCT = ROOT / "profiles" / "slurm" / "bin" / "sacct"
PROFILE = ("--workflow-profile", "profiles/slurm")


@pytest.fixture
def with_program(tmp_path):
    """Make an environment in which a program of this name does this."""
    folder = tmp_path / "programs"

    def make(name, script):
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
        return os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"}

    return make


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("linked", [None, "site/{}", "cluster1/{}"])
def test_a_tests_cluster_takes_no_sites_place(tmp_path, monkeypatch, name, linked):
    monkeypatch.setattr(slurm_cluster, "ETC", tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    file = tmp_path / name
    if linked:
        target = tmp_path / linked.format(name)
        target.parent.mkdir()
        (target.parent / "slurm.conf").write_text("ClusterName=site\n")
        file.symlink_to(target)
    else:
        file.write_text("ClusterName=site\n")
    assert slurm_cluster.why_not(()) == (
        f"{file} is not of a test's cluster, which would take its place"
    )


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("gone", [True, False])
def test_what_a_killed_test_left_is_no_hindrance(tmp_path, monkeypatch, name, gone):
    monkeypatch.setattr(slurm_cluster, "ETC", tmp_path)
    monkeypatch.setattr(slurm_cluster, "CONFIGURATION", tmp_path / "none")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    target = tmp_path / "cluster1" / name
    if not gone:
        target.parent.mkdir()
        for each, text in configuration(target.parent, accounting=True).items():
            (target.parent / each).write_text(text)
    (tmp_path / name).symlink_to(target)
    assert slurm_cluster.why_not(()) is None


def job_messages(study, *arguments):
    ended = subprocess.run(
        [sys.executable, "-m", "snakemake", "-n", *arguments],
        cwd=study.folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return [line for line in ended.stdout.splitlines() if line.startswith("Job ")]


def test_a_dry_run_shows_what_would_be_submitted(fresh_study):
    messages = job_messages(fresh_study, "report.pdf", *PROFILE, "--config", "scale=full")
    asked = {line.split(": ", 1)[1] for line in messages if "slurm_partition" in line}
    assert (
        "Experiment alexnet, seed 1 "
        "(threads 4, mem_mb 4000, runtime 600, gpu 1, slurm_partition gpu)"
    ) in asked
    assert (
        "Search hand, seed 1: round 1, trial 1 "
        "(threads 4, mem_mb 17000, runtime 120, gpu 1, slurm_partition gpu)"
    ) in asked
    assert (
        "Preparing the arrays of cifar10 "
        "(threads 2, mem_mb 2000, runtime 30, gpu 0, slurm_partition main)"
    ) in asked
    # What is not submitted says nothing of a partition
    assert any(line.endswith("Drawing accuracy against cost") for line in messages)


def test_each_attempt_asks_for_more_memory_and_time_and_there_are_three(fresh_study):
    for attempt in (1, 2, 3):
        messages = job_messages(fresh_study, "report.pdf", *PROFILE, "--attempt", str(attempt))
        asked = [re.search(r"mem_mb (\d+), runtime (\d+)", line) for line in messages]
        found = {
            line.partition(" (threads")[0]: tuple(map(int, needs.groups()))
            for line, needs in zip(messages, asked, strict=True)
            if needs and "slurm_partition" in line
        }
        if attempt == 1:
            first = found
            assert len(first) > 10
        assert found == {
            job: (attempt * memory, attempt * minutes) for job, (memory, minutes) in first.items()
        }
    assert yaml.safe_load((ROOT / PROFILE[1] / "config.yaml").read_text())["retries"] == 2


def test_what_holds_on_one_machine_holds_on_a_cluster():
    here, cluster = (
        yaml.safe_load((ROOT / "profiles" / name / "config.yaml").read_text())
        for name in ("default", "slurm")
    )
    shared = ("rerun-triggers", "rerun-incomplete", "keep-going", "show-failed-logs")
    assert [cluster[key] for key in shared] == [here[key] for key in shared]
    assert here["keep-going"] and here["rerun-incomplete"]


def test_the_demo_asks_for_no_gpu_on_a_cluster(fresh_study):
    messages = job_messages(fresh_study, "report.pdf", *PROFILE)
    submitted = [line for line in messages if "slurm_partition" in line]
    assert any("Experiment alexnet" in line for line in submitted)
    assert all("gpu 0, slurm_partition main" in line for line in submitted)


def test_a_dry_run_shows_the_account_and_the_model_of_gpu_where_a_site_asks_for_them(fresh_study):
    profile = fresh_study.folder / "profiles" / "slurm" / "config.yaml"
    text = profile.read_text()
    for line in ("slurm_account: name", "gpu_model: a100"):
        assert f"# {line} # SITE" in text
        text = text.replace(f"# {line}", line)
    profile.write_text(text)
    messages = job_messages(fresh_study, "report.pdf", *PROFILE)
    trainings = [line for line in messages if "Experiment alexnet," in line]
    assert trainings and all(
        line.endswith("slurm_partition main, slurm_account name, gpu_model a100)")
        for line in trainings
    )
    prepared = [line for line in messages if "Preparing the arrays" in line]
    assert prepared and all(line.endswith("slurm_account name)") for line in prepared)


def test_a_path_that_a_shell_could_read_otherwise_never_reaches_a_cluster(
    fresh_study, with_program
):
    environment = with_program("sbatch", "touch submitted")
    command = [sys.executable, "-m", "snakemake", *PROFILE, "report.pdf"]
    ended = subprocess.run(
        command, cwd=fresh_study.folder, env=environment, capture_output=True, text=True
    )
    assert ended.returncode == 1
    assert f"{FOLDER!r} cannot be handed to the jobs of a cluster: it has" in ended.stderr
    assert not (fresh_study.folder / "submitted").exists()


def test_settings_that_a_shell_could_read_otherwise_never_reach_a_cluster(
    fresh_study, with_program
):
    environment = with_program("sbatch", "touch submitted")
    asked_for = ["scale=cpu", "title=It's $(touch touched)"]
    command = [sys.executable, "-m", "snakemake", *PROFILE, "report.pdf", "--config", *asked_for]
    ended = subprocess.run(
        command, cwd=fresh_study.folder, env=environment, capture_output=True, text=True
    )
    assert ended.returncode == 1
    assert "cannot be handed to the jobs of a cluster" in ended.stderr
    assert not (fresh_study.folder / "submitted").exists()


@pytest.mark.parametrize("path", ["it's here", "back\\slash", "line\nbreak", "\u200b"])
def test_paths_that_cannot_be_quoted(path):
    require_quotable(["/plain/path", '$(touch x) & 中😀 `x` #% "double"'])
    with pytest.raises(StudyError, match="Name the folder otherwise"):
        require_quotable(["/plain/path", path])


def test_one_machine_knows_no_partitions(fresh_study):
    messages = job_messages(fresh_study, "--cores", "2", "alexnet")
    assert any(line.endswith("(threads 1, mem_mb 4000, runtime 600, gpu 0)") for line in messages)


def test_jobs_are_looked_for_by_the_name_that_the_profile_gives_them():
    profile = yaml.safe_load((ROOT / "profiles" / "slurm" / "config.yaml").read_text())
    named = f'JOB_NAMES = "{profile["slurm-jobname-prefix"]}_"'
    assert named in (ROOT / "envs" / "study.py").read_text()


def test_states_of_jobs_are_asked_of_squeue_where_sacct_is_meant_to_say_them(with_program):
    environment = with_program("squeue", 'echo "$@"')
    asked = [SACCT, "-X", "--parsable2", "--noheader", "--endtime", "now", "--name", "study_1"]
    ended = subprocess.run(asked, env=environment, capture_output=True, text=True, check=True)
    assert ended.stdout.split() == [
        *("--noheader", "--states=all", "--format=%i|%T", "--name", "study_1")
    ]


def test_anything_else_goes_to_the_real_sacct(with_program):
    environment = with_program("sacct", 'echo "real: $@"')
    first = f"{SACCT.parent}:{environment['PATH']}"
    ended = subprocess.run(
        ["sacct", "--version"], env=environment | {"PATH": first}, capture_output=True, text=True
    )
    assert ended.stdout == "real: --version\n"


def test_a_slurm_that_does_not_answer_is_not_taken_for_one_without_jobs(fresh_study, with_program):
    environment = with_program("squeue", "echo Unable to contact slurm controller >&2; exit 1")
    (fresh_study.folder / ".snakemake" / "slurm_logs").mkdir(parents=True)
    ended = subprocess.run(
        [sys.executable, "envs/study.py", "-n", "report.pdf"],
        env=environment,
        cwd=fresh_study.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "Slurm does not say whether jobs of an earlier Snakemake go on here" in ended.stderr
    assert "Unable to contact slurm controller" in ended.stderr
    assert f"rm -r {Path('.snakemake/slurm_logs')}" in ended.stderr


def test_a_profile_that_is_not_there_is_not_done_without(fresh_study):
    command = [sys.executable, "envs/study.py", "--workflow-profile", "profiles/slurrm", "-n"]
    ended = subprocess.run(
        command, cwd=fresh_study.folder, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert "--workflow-profile profiles/slurrm: no profile is there" in ended.stderr


def test_a_study_that_never_used_slurm_does_not_ask_it(fresh_study, with_program):
    environment = with_program("squeue", "exit 1")
    ended = subprocess.run(
        [sys.executable, "envs/study.py", "-n", "report.pdf"],
        env=environment,
        cwd=fresh_study.folder,
        check=False,
        capture_output=True,
    )
    assert ended.returncode == 0
