"""Jobs at work at the same time have GPUs of their own; the ids here are made up."""

import os
import subprocess
import sys

import pytest
from conftest import ROOT
from slurm_study import TARGET, ClusterStudy, wait_for

from imagestudy import engine
from imagestudy.errors import StudyError
from imagestudy.gpus import VISIBLE, leased, require_found

JOB = """
import os, sys, time
from imagestudy import gpus
gpus.POLL_SECONDS = 0.1
from imagestudy.jobs import logged
with logged(sys.argv[1], int(sys.argv[2])):
    print("has", os.environ.get("CUDA_VISIBLE_DEVICES"), flush=True)
    time.sleep(float(sys.argv[3]))
"""


@pytest.fixture
def job(tmp_path):
    """Start a job that holds so many GPUs for some seconds, and write its log."""
    started = []

    def start(gpus, seconds=60, devices="fake-a,fake-b", **more):
        log = tmp_path / f"{len(started)}.log"
        # The leases lie in the folder for temporary files
        environment = {"PYTHONPATH": str(ROOT / "src"), "TMPDIR": str(tmp_path)} | more
        if devices is not None:
            environment["CUDA_VISIBLE_DEVICES"] = devices
        command = [sys.executable, "-c", JOB, log, str(gpus), str(seconds)]
        process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        started.append(process)
        return process, log

    yield start
    for process in started:
        process.kill()
        process.wait()


def said(log):
    return log.read_text() if log.exists() else ""


def got(log):
    wait_for(lambda: "has" in said(log))
    return said(log).split("has ")[1].strip()


def test_a_folder_of_another_person_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv(VISIBLE, "0")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "leases").symlink_to(tmp_path / "elsewhere")
    refused = pytest.raises(StudyError, match="leases is not a folder of your own")
    with refused, leased(1, tmp_path / "leases"):
        pass


def test_a_lease_follows_no_link_and_empties_no_file(tmp_path, monkeypatch):
    monkeypatch.setenv(VISIBLE, "0")
    (tmp_path / "mine").write_text("kept")
    (tmp_path / "leases").mkdir()
    (tmp_path / "leases" / "0.lock").symlink_to(tmp_path / "mine")
    with pytest.raises(OSError), leased(1, tmp_path / "leases"):
        pass
    assert (tmp_path / "mine").read_text() == "kept"


def test_ids_of_devices_may_have_slashes(tmp_path, monkeypatch):
    monkeypatch.setenv(VISIBLE, "MIG-GPU-1/2/3")
    with leased(1, tmp_path / "leases") as mine:
        assert mine == ["MIG-GPU-1/2/3"]


def test_each_job_has_a_gpu_of_its_own_and_returns_it_when_it_is_killed(job):
    first, first_log = job(1)
    _, second_log = job(1)
    assert sorted([got(first_log), got(second_log)]) == ["fake-a", "fake-b"]
    _, third_log = job(1)
    wait_for(lambda: "waiting for 1 of these GPUs: fake-a, fake-b" in said(third_log))
    first.kill()
    assert got(third_log) == got(first_log)


def test_a_job_of_two_gpus_waits_until_both_are_free(job):
    one, one_log = job(1)
    assert got(one_log) == "fake-a"
    _, two_log = job(2)
    wait_for(lambda: "waiting for 2" in said(two_log))
    _, small_log = job(1, seconds=0)
    assert got(small_log) == "fake-b"
    one.kill()
    assert got(two_log) == "fake-a,fake-b"


def test_a_job_may_not_ask_for_more_gpus_than_there_are(job):
    process, log = job(3)
    assert process.wait() == 1
    assert "this job asks for 3 GPUs" in said(log)
    assert "no more than these: fake-a, fake-b" in said(log)


def test_a_gpu_that_is_named_twice_is_there_once(job):
    process, log = job(2, devices="fake-a,fake-a")
    assert process.wait() == 1
    assert "no more than these: fake-a" in said(log)


@pytest.mark.parametrize(
    ("gpus", "devices", "more", "seen"),
    [
        (0, "fake-a", {}, "fake-a"),
        (1, "fake-a", {"SLURM_JOB_ID": "1"}, "fake-a"),
        (1, "-1", {}, "-1"),
        (1, None, {"PATH": ""}, "None"),
    ],
    ids=["it asks for none", "Slurm has lent", "they are hidden", "there is none"],
)
def test_nothing_is_lent_where(job, gpus, devices, more, seen):
    for _ in range(2):  # the second waits for nothing either
        _, log = job(gpus, devices=devices, **more)
        assert got(log) == seen
        assert "waiting" not in said(log)


@pytest.mark.parametrize("imported", ["before", "after"])
def test_what_is_hidden_is_not_seen_by_jax(imported):
    """Whenever it is imported, and whether or not its plugin fails where it finds no GPU."""
    lines = ["from imagestudy.gpus import hide", "hide()"]
    lines.insert(0 if imported == "before" else 2, "import jax")
    program = "\n".join([*lines, "assert jax.config.jax_platforms == 'cpu'"])
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    environment.pop("JAX_PLATFORMS", None)
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)


def test_what_was_visible_is_visible_again(monkeypatch, tmp_path):
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "x, y")
    with leased(1, tmp_path / "leases") as mine:
        assert mine == ["x"]
        assert os.environ["CUDA_VISIBLE_DEVICES"] == "x"
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "x, y"


def test_a_script_that_is_loaded_has_not_looked_for_devices_yet():
    """The backend reads which GPUs it may see when it first looks for them."""
    program = (
        "import imagestudy.runs, imagestudy.networks.vgg16, imagestudy.search.space\n"
        "from tensorflow.python.eager import context\n"
        "assert context.context()._context_handle is None\n"
        "assert context.context()._physical_devices is None\n"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "KERAS_BACKEND": "tensorflow"}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)


def test_two_runs_on_a_machine_with_two_gpus_train_side_by_side(tmp_path, driver):
    driver("exit 0")
    study = ClusterStudy.of_one_experiment(tmp_path)
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": "fake-a,fake-b", "TMPDIR": str(tmp_path)}
    command = [
        *(sys.executable, "-m", "snakemake", "--cores", "2", "--resources", "gpu=2"),
        *("--set-resources", "run:gpu=1", "--until", "run", "--", TARGET),
    ]
    subprocess.run(command, cwd=study.folder, env=environment, check=True)
    logs = (study.folder / "results" / "demo" / "logs" / "run").glob("*.log")
    named = [line for log in logs for line in said(log).splitlines() if "VISIBLE_DEVICES=" in line]
    assert sorted(named) == [f"CUDA_VISIBLE_DEVICES=fake-{name}" for name in "ab"]


def test_a_job_with_a_gpu_does_not_train_on_the_cpu(driver, monkeypatch):
    require_found("gpu")
    says = "has GPU made-up, but the backend finds none.*tensorflow-cuda.*CUDA_VISIBLE_DEVICES=-1"
    with pytest.raises(StudyError, match=says):
        require_found("cpu")
    monkeypatch.delenv(VISIBLE)
    with pytest.raises(StudyError, match="has GPU 0, 1, but"):
        require_found("cpu")


@pytest.mark.parametrize("hidden", ["-1", "-1,0", "", "none", "NoDevFiles"])
def test_who_hides_all_gpus_trains_on_the_cpu(driver, monkeypatch, hidden):
    monkeypatch.setenv(VISIBLE, hidden)
    require_found("cpu")


def test_a_driver_that_fails_is_said(driver):
    driver("echo 'Failed to initialize NVML: Driver/library version mismatch'; exit 18")
    with pytest.raises(StudyError, match="nvidia-smi fails: Failed to initialize NVML"):
        require_found("cpu")


def test_a_machine_without_a_gpu_trains_on_the_cpu(driver):
    driver("exit 0")
    require_found("cpu")


def test_the_probe_of_a_job_with_a_gpu_does_not_measure_the_cpu(driver, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    with pytest.raises(StudyError, match="has GPU made-up, but the backend finds none"):
        engine.probe(threads=1, gpus=1)
