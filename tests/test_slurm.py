"""The study on a real Slurm cluster, and through its faults; see docs/reliability.md."""

import time

import pytest
from conftest import StudyCopy
from hostile_names import FOLDER
from slurm_cluster import PROGRAMS, Cluster, why_not
from slurm_study import PATIENCE, TARGET, ClusterStudy, clear, wait_for

pytestmark = pytest.mark.slurm
TOO_LITTLE_MEMORY_MB = 450  # the second or the third attempt has enough
AWAY_SECONDS = 40  # longer than the pause between two questions for the states of jobs


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    if reason := why_not(PROGRAMS):
        pytest.skip(reason)
    with Cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """The study of one experiment with its data prepared."""
    return ClusterStudy.of_one_experiment(tmp_path_factory.mktemp("prepared"))


@pytest.fixture(scope="module")
def undisturbed(prepared, tmp_path_factory):
    return prepared.measured_without_cluster(tmp_path_factory.mktemp("undisturbed"))


@pytest.fixture
def study(cluster, prepared, tmp_path):
    study = prepared.copy(tmp_path)
    yield study
    clear(cluster, study)


def test_three_jobs_lead_to_a_result(cluster, tmp_path):
    """The smoke run: data prepared, two seeds trained, each with a GPU, and their result file."""
    study = ClusterStudy.of_one_experiment(tmp_path, prepare=False)
    try:
        gpus = ["--set-resources", "run:gpu=1", "run:slurm_partition=gpu"]
        study.start("alexnet", *gpus).finish()
        assert (study.folder / "results" / "demo" / "experiments" / "alexnet.json").exists()
        jobs = cluster.jobs("COMPLETED", folder=study.folder)
        asked = sorted((job["partition"], job["gpus"], job["memory"]) for job in jobs)
        assert asked == [("gpu", "gres:gpu:1", "4000M")] * 2 + [("main", "N/A", "2000M")]
    finally:
        clear(cluster, study)


def test_the_whole_study_ends_in_its_report(cluster, tmp_path):
    study = ClusterStudy(StudyCopy.new(tmp_path).folder)
    study.rename_own_pictures(FOLDER.replace("\\", ""))
    try:
        # A search's trials may take 16 GB by the config: no node of this cluster has that.
        small = [f"{rule}:mem_mb=4000" for rule in ("propose", "trial", "export", "run")]
        study.start("report.pdf", "--set-resources", *small).finish()
        assert not (study.folder / "touched").exists()
        assert (study.folder / "report.pdf").read_bytes().startswith(b"%PDF")
        assert set(ends(cluster, study)) == {"COMPLETED"}
    finally:
        clear(cluster, study)


def test_a_cancelled_job_is_submitted_again(cluster, study, undisturbed):
    study.start(TARGET)
    wait_for(study.at_work)
    cluster.cancel(running(cluster, study)[0]["id"])
    study.finish()
    assert ends(cluster, study) == ["CANCELLED", "COMPLETED", "COMPLETED"]
    assert study.metrics() == undisturbed


def test_a_job_that_lacks_memory_gets_more(cluster, study, undisturbed):
    needs = f"run:mem_mb=attempt * {TOO_LITTLE_MEMORY_MB}"
    study.start(TARGET, "--set-resources", needs).finish()
    jobs = cluster.jobs("all", folder=study.folder)
    failed = [job["memory"] for job in jobs if job["state"] != "COMPLETED"]
    assert f"{TOO_LITTLE_MEMORY_MB}M" in failed
    enough = {job["memory"] for job in jobs if job["state"] == "COMPLETED"}
    assert enough and enough <= {f"{more * TOO_LITTLE_MEMORY_MB}M" for more in (2, 3)}
    assert study.metrics() == undisturbed


def test_a_job_that_lacks_time_gets_more(cluster, study, undisturbed):
    study.start(TARGET, "--set-resources", "run:runtime=attempt")
    wait_for(study.at_work)
    study.trainings()[0].suspend()
    study.finish()
    jobs = cluster.jobs("all", folder=study.folder)
    assert [job["time"] for job in jobs if job["state"] == "TIMEOUT"] == ["1:00"]
    assert "2:00" in [job["time"] for job in jobs if job["state"] == "COMPLETED"]
    assert study.metrics() == undisturbed


def test_a_node_that_goes_down_costs_no_result(cluster, study, undisturbed):
    study.start(TARGET)
    wait_for(study.at_work)
    node = running(cluster, study)[0]["node"]
    cluster.cut_power(node)
    study.finish()
    assert node not in {job["node"] for job in cluster.jobs("COMPLETED", folder=study.folder)}
    cluster.start(node)
    cluster.wait_until_idle()
    assert study.metrics() == undisturbed


def test_the_controller_may_be_away(cluster, study, undisturbed):
    study.start(TARGET)
    wait_for(study.at_work)
    cluster.stop("slurmctld")
    time.sleep(AWAY_SECONDS)
    cluster.start("slurmctld")
    study.finish()
    assert ends(cluster, study) == ["COMPLETED", "COMPLETED"]
    assert study.metrics() == undisturbed


def test_a_controller_that_takes_no_jobs_is_said(cluster, study, undisturbed):
    cluster.stop("slurmctld")
    study.start(TARGET)
    try:
        assert study.snakemake.wait(PATIENCE) == 1
    finally:
        cluster.start("slurmctld")
        cluster.wait_until_idle()
    assert "SLURM sbatch failed" in study.output()
    assert "Unable to contact slurm controller" in study.output()
    study.start(TARGET).finish()
    assert study.metrics() == undisturbed


def test_jobs_that_outlive_snakemake_are_waited_for(cluster, study, undisturbed):
    study.start(TARGET)
    wait_for(lambda: len(study.at_work()) == 2)
    study.kill_snakemake()
    orphans = [job["id"] for job in running(cluster, study)]
    assert len(orphans) == 2
    study.start(TARGET)
    wait_for(lambda: "go on: " in study.output())
    wait_for(lambda: "unlocking" in study.output())
    kept = study.kept()
    assert kept.keys() == undisturbed.keys()
    study.finish()
    assert study.kept() == kept
    assert ends(cluster, study) == ["COMPLETED", "COMPLETED"]
    assert study.metrics() == undisturbed


def test_jobs_that_are_only_queued_are_cancelled(cluster, study, undisturbed):
    one_at_a_time = ["run:mem_mb=7000", "run:slurm_extra='--nodelist=n1'"]
    study.start(TARGET, "--set-resources", *one_at_a_time)
    wait_for(lambda: study.at_work() and cluster.jobs("PENDING", folder=study.folder))
    study.kill_snakemake()
    study.start(TARGET).finish()
    assert "cancelling jobs of a killed Snakemake that have not begun" in study.output()
    assert ends(cluster, study) == ["CANCELLED", "COMPLETED", "COMPLETED"]
    assert study.metrics() == undisturbed


def running(cluster, study):
    return cluster.jobs("RUNNING", folder=study.folder)


def ends(cluster, study):
    """How the jobs of a study have ended."""
    return sorted(job["state"] for job in cluster.jobs("all", folder=study.folder))
