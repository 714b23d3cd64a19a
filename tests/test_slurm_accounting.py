"""The study on a Slurm cluster with accounting, and while the accounts' database is away."""

import pytest
from slurm_cluster import ACCOUNTING_PROGRAMS, PROGRAMS, Cluster, why_not
from slurm_configuration import ACCOUNT
from slurm_study import TARGET, ClusterStudy, clear, wait_for

pytestmark = pytest.mark.slurm


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    if reason := why_not(PROGRAMS + ACCOUNTING_PROGRAMS):
        pytest.skip(reason)
    with Cluster(tmp_path_factory.mktemp("cluster"), accounting=True) as cluster:
        yield cluster


@pytest.fixture
def study(cluster, tmp_path):
    study = ClusterStudy.of_one_experiment(tmp_path)
    yield study
    clear(cluster, study)


def test_jobs_go_to_an_account_and_survive_that_accounting_is_down(
    cluster, study, tmp_path_factory
):
    undisturbed = study.measured_without_cluster(tmp_path_factory.mktemp("undisturbed"))
    account = f"slurm_account={ACCOUNT}"
    study.start(TARGET, "--default-resources", "slurm_partition=main", account)
    wait_for(study.at_work)
    cluster.stop("slurmdbd")
    study.finish()
    cluster.start("slurmdbd")
    jobs = cluster.jobs("all", folder=study.folder)
    assert [(job["state"], job["account"]) for job in jobs] == [("COMPLETED", ACCOUNT)] * 2
    assert study.metrics() == undisturbed


def test_jobs_are_submitted_while_accounting_is_down(cluster, study):
    account = f"slurm_account={ACCOUNT}"
    cluster.stop("slurmdbd")
    try:
        study.start(TARGET, "--default-resources", "slurm_partition=main", account)
        study.finish()
    finally:
        cluster.start("slurmdbd")
    jobs = cluster.jobs("all", folder=study.folder)
    assert [(job["state"], job["account"]) for job in jobs] == [("COMPLETED", ACCOUNT)] * 2


def test_an_account_that_is_not_ours_is_said(cluster, study):
    study.start(TARGET, "--default-resources", "slurm_account=nobodys")
    assert study.snakemake.wait() == 1
    assert "The given account nobodys appears to be invalid" in study.output()
    assert ACCOUNT in study.output()
    assert cluster.jobs("all", folder=study.folder) == []
