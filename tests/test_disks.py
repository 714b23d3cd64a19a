"""Disks that are full or read-only: a message, nothing lost, and nothing half taken for whole."""

import errno
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ROOT
from small_archives import CODE, settings, tiny_imagenet_zip

from imagestudy import disks
from imagestudy.errors import StudyError
from imagestudy.jobs import logged
from imagestudy.locks import held
from imagestudy.results import write_json

TRIES = subprocess.run(
    ["unshare", "-rm", "sh", "-c", "mount -t tmpfs -o size=64k tmpfs /mnt"],
    capture_output=True,
    check=False,
) if shutil.which("unshare") else None  # fmt: skip
needs_mounts = pytest.mark.skipif(
    TRIES is None or TRIES.returncode != 0, reason="small disks cannot be mounted here"
)
PREPARE = """
import json, sys
from pathlib import Path
from imagestudy.jobs import logged
from imagestudy.preparation import prepare

source, target, log, told = sys.argv[1:]
told = json.loads(told)
with logged(log):
    prepare(Path(source), told["settings"], told["code"], Path(target), workers=1)
"""
FULL = "its disk is full, or your share of it: make room"


def with_disk(folder: Path, size: str, command: str) -> subprocess.CompletedProcess:
    """Run the shell `command` where the empty folder `disk` is a disk of this size."""
    (folder / "disk").mkdir(exist_ok=True)
    mounted = f"mount -t tmpfs -o size={size} tmpfs disk && {command}"
    return subprocess.run(
        ["unshare", "-rm", "sh", "-c", mounted],
        cwd=folder, capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip


def preparation(folder: Path) -> str:
    (folder / "prepare.py").write_text(PREPARE)
    tiny_imagenet_zip(folder)
    told = json.dumps({"settings": settings(), "code": CODE})
    return f"{sys.executable} prepare.py tiny-imagenet-200.zip disk/data disk/log '{told}'"


@needs_mounts
def test_a_preparation_on_a_disk_that_fills_up_says_so_and_goes_on_after(tmp_path):
    command = preparation(tmp_path)
    again = f"{command}; echo first $?; ls -A disk; mount -o remount,size=9m disk; {command}"
    ended = with_disk(tmp_path, "120k", f"{again}; echo second $?; ls -A disk disk/data")
    assert f"{FULL}, and give the same command again" in ended.stderr
    assert "Traceback" not in ended.stderr
    first, _, second = ended.stdout.partition("second")
    assert first.split() == ["first", "1", "log"]
    assert "0" in second.split()[0]
    assert "dataset.json" in second and "train_images.npy" in second
    assert ".partial" not in second


@needs_mounts
@pytest.mark.parametrize(
    "sizes",
    [
        (60, 160),
        pytest.param(range(4, 200, 4), marks=pytest.mark.thorough),
    ],
)
def test_whatever_the_disk_takes_a_preparation_is_whole_or_not_there(tmp_path, sizes):
    command = preparation(tmp_path)
    for size in sizes:
        ended = with_disk(tmp_path, f"{size}k", f"{command}; echo $?; ls -A disk disk/data")
        code, *names = ended.stdout.split()
        if code == "0":
            assert "dataset.json" in names
        else:
            assert FULL in ended.stderr, ended.stderr
            assert "dataset.json" not in names
            assert ".data.partial" not in names


@needs_mounts
def test_a_disk_without_room_for_the_log_is_said_too(tmp_path):
    fill = "head -c 64k /dev/zero > disk/fill"
    ended = with_disk(tmp_path, "64k", f"{fill}; {preparation(tmp_path)}; echo $?")
    assert ended.stdout.strip() == "1"
    assert FULL in ended.stderr
    assert "Traceback" not in ended.stderr


@needs_mounts
@pytest.mark.parametrize("room", [pytest.param(8, marks=pytest.mark.thorough), 150])
def test_a_training_on_a_disk_that_fills_up_says_so_and_is_made_again(fresh_study, room):
    """Room (KB) for next to nothing, and for a part of what a run writes."""
    snakemake = f"{sys.executable} -m snakemake --cores 1"
    command = f"""
        mkdir results && mount -t tmpfs -o size=200m tmpfs results
        {snakemake} results/demo/data/tiny_imagenet/dataset.json || exit 3
        mount -o remount,size=$(( $(du -sk results | cut -f1) + {room} ))k results
        {snakemake} alexnet && exit 4
        echo left $(find results/demo/runs -name result.json)
        mount -o remount,size=200m results
        {snakemake} alexnet && echo again $(find results/demo/runs -name result.json)
    """
    ended = subprocess.run(
        ["unshare", "-rm", "sh", "-c", command],
        cwd=fresh_study.folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    shown = ended.stdout + ended.stderr
    assert ended.returncode == 0, shown
    assert FULL in shown
    assert "left\n" in ended.stdout
    assert "again results/demo/runs/alexnet/seed-1/result.json" in ended.stdout


@needs_mounts
def test_a_read_only_folder_is_named(tmp_path):
    command = f"mount -o remount,ro disk; {preparation(tmp_path)}; echo $?"
    ended = with_disk(tmp_path, "1m", command)
    assert ended.stdout.strip() == "1"
    assert (
        "disk/log.lock cannot be opened: its permissions or a read-only disk forbid it"
        in ended.stderr
    )
    assert "Traceback" not in ended.stderr


@needs_mounts
def test_an_earlier_result_outlives_a_full_disk(tmp_path):
    code = (
        "from pathlib import Path; from imagestudy.results import write_json, read_json\n"
        "path = Path('disk/result.json'); write_json(path, {'kept': True})\n"
        "try: write_json(path, ['x' * 1000] * 200)\n"
        "except OSError as error: print(error.errno, read_json(path))\n"
    )
    (tmp_path / "write.py").write_text(code)
    ended = with_disk(tmp_path, "64k", f"{sys.executable} write.py")
    assert ended.stdout.strip() == f"{errno.ENOSPC} {{'kept': True}}"


@needs_mounts
def test_the_study_in_a_read_only_folder_stops_before_any_job(fresh_study):
    snakemake = f"{sys.executable} -m snakemake --cores 1 alexnet"
    command = f"mount --bind . . && cd '{fresh_study.folder}' && mount -o remount,ro,bind ."
    ended = subprocess.run(
        ["unshare", "-rm", "sh", "-c", f"{command} && {snakemake}; {sys.executable} envs/study.py"],
        cwd=fresh_study.folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    shown = ended.stdout + ended.stderr
    assert "cannot be written: its folder or file system is read-only for you" in shown
    assert "study.lock cannot be written (Read-only file system)" in shown
    assert "Traceback" not in shown


@needs_mounts
def test_a_read_only_results_folder_stops_before_any_job_but_not_a_dry_run(fresh_study):
    (fresh_study.folder / "results").mkdir()
    command = "mount --bind results results && mount -o remount,ro,bind results"
    snakemake = f"{sys.executable} -m snakemake --cores 1 alexnet"
    ended = subprocess.run(
        ["unshare", "-rm", "sh", "-c", f"{command} && {snakemake} -n && echo planned; {snakemake}"],
        cwd=fresh_study.folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    shown = ended.stdout + ended.stderr
    assert "planned" in shown
    assert "results cannot be written: its folder or file system is read-only for you" in shown
    assert "Error in rule" not in shown
    assert ended.returncode != 0


def test_two_snakemakes_at_once(fresh_study):
    target = "results/demo/data/cifar10/dataset.json"
    command = [sys.executable, "-m", "snakemake", "--cores", "1", target]
    log = fresh_study.folder / "results" / "demo" / "logs" / "generate" / "cifar10"
    # The first one's job waits as long as this process holds its log.
    with held(log / "cifar-10-python.tar.gz.log.lock"):
        first = subprocess.Popen(
            command, cwd=fresh_study.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        locks = fresh_study.folder / ".snakemake" / "locks"
        while first.poll() is None and not list(locks.glob("*.lock")):
            time.sleep(0.05)
        second = fresh_study.snakemake(target)
    shown = first.communicate()[0].decode()
    assert first.returncode == 0, shown
    assert second.returncode != 0
    assert "Directory cannot be locked" in second.stdout + second.stderr
    assert (fresh_study.folder / target).exists()


@pytest.mark.parametrize(
    ("error", "match"),
    [
        (OSError(errno.ENOSPC, "", "a/b"), "a/b cannot be written: its disk is full"),
        (
            OSError(errno.EDQUOT, "", "a/b"),
            "a/b cannot be written: its disk is full, or your share",
        ),
        (PermissionError(errno.EACCES, "", "a/b"), "a/b cannot be opened: its permissions"),
        (OSError("h5: errno = 28, error message = 'No space left on device'"), "disk is full"),
        (RuntimeError("RESOURCE: No space left on device [Op:Save]"), "disk is full"),
    ],
)
def test_errors_of_disks_are_explained(tmp_path, capfd, error, match):
    wrapped = ValueError("saving failed")
    wrapped.__cause__ = error
    for raised in (error, wrapped):
        with pytest.raises(SystemExit), logged(tmp_path / "log"):
            raise raised
        told = capfd.readouterr().err
        assert "Traceback" not in told
        assert re.search(match, told)
    assert disks.is_of_disk(error)


@pytest.mark.parametrize("error", [ValueError("x"), FileNotFoundError(2, ""), MemoryError()])
def test_other_errors_are_not(error):
    assert not disks.is_of_disk(error)


def test_a_writable_folder_that_is_not_there_yet(tmp_path):
    disks.require_writable(tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []
    write_json(tmp_path / "a" / "b" / "c.json", 1)


@pytest.mark.parametrize("kind", ["a file", "a link to nowhere"])
def test_what_is_no_folder_is_named(tmp_path, kind):
    place = tmp_path / "results"
    place.symlink_to(tmp_path / "disk") if kind == "a link to nowhere" else place.write_text("")
    with pytest.raises(StudyError, match=r"results is no folder, or a link to one that is not"):
        disks.require_writable(place / "demo" / "logs")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_of_another_person(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(StudyError, match="cannot be written"):
        disks.require_writable(tmp_path / "a")
