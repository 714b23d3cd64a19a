"""What killed processes spent is not forgotten."""

import os
import signal
import subprocess
import sys
import time

import pytest
from conftest import ROOT

from imagestudy import spent
from imagestudy.spent import Spent

NOTHING = (lambda: 0.0, lambda: 0.0)
CODE = """
import sys, time
from pathlib import Path
from imagestudy import spent
spent.SECONDS = 0.05
began = time.monotonic()
with spent.Spent(Path(sys.argv[1]), lambda: time.monotonic() - began, lambda: 700.0):
    print("ready", flush=True)
    time.sleep(60)
"""


def test_a_killed_process_has_noted_what_it_spent(tmp_path):
    path = tmp_path / "checkpoints" / "run.spent"
    for times in (1, 2):
        process = subprocess.Popen(
            [sys.executable, "-c", CODE, str(path)],
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        )
        assert process.stdout.readline() == b"ready\n"
        time.sleep(1)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        found = Spent(path, *NOTHING)
        assert found.earlier > 0.7 * times
        assert found.most_memory == 700.0


@pytest.mark.parametrize(
    ("end", "crash"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", "Segmentation fault"),
        ("os.abort()", "Aborted"),
        ("os.kill(os.getpid(), signal.SIGKILL)", None),
    ],
)
def test_a_crash_is_known_afterwards_and_a_kill_is_none(tmp_path, end, crash):
    path = tmp_path / "run.spent"
    code = CODE.replace("time.sleep(60)", f"import os, signal; {end}")
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    for _ in range(2):
        ended = subprocess.run([sys.executable, "-c", code, str(path)], env=environment)
        assert ended.returncode < 0
        assert Spent(path, *NOTHING).crash == crash
    with Spent(path, *NOTHING):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("kills", "memory", "ended", "crash"),
    [
        (4, 1e9, False, "killed by the system for its memory"),
        (3, 1e9, False, None),  # nothing was killed since
        (4, 1.0, False, None),  # a small process would not have been chosen
        (4, 1e9, True, None),  # it was told to end, and did
        (4, 300.0, False, "killed by the system for its memory"),  # the container has 1 GB
        (4, 200.0, False, None),
    ],
)
def test_a_process_that_the_system_killed_for_its_memory(
    tmp_path, monkeypatch, kills, memory, ended, crash
):
    limit = tmp_path / "memory.max"
    limit.write_text("1000000000\n" if memory < 1e9 else "max\n")
    monkeypatch.setattr(spent, "LIMITS", (limit, tmp_path / "of the first version"))
    vmstat = tmp_path / "vmstat"
    vmstat.write_text(f"pgfault 12\noom_kill {kills}\n")
    monkeypatch.setattr(spent, "VMSTAT", vmstat)
    path = tmp_path / "run.spent"
    path.write_text(f"[30.0, {memory}, 3]")
    if not ended:
        path.with_suffix(".fault").touch()
    assert Spent(path, *NOTHING).crash == crash


def test_a_note_that_a_power_failure_left_empty(tmp_path):
    path = tmp_path / "run.spent"
    path.touch()
    found = Spent(path, *NOTHING)
    assert (found.earlier, found.most_memory, found.crash) == (0.0, 0.0, None)


def test_what_has_ended_well_leaves_nothing(tmp_path):
    path = tmp_path / "run.spent"
    with Spent(path, lambda: 3.0, lambda: 10.0) as noted:
        assert noted.earlier == 0
        assert path.exists()
    assert list(tmp_path.iterdir()) == []


def test_what_failed_leaves_its_time_to_the_next(tmp_path, monkeypatch):
    monkeypatch.setattr(spent, "SECONDS", 60.0)
    path = tmp_path / "run.spent"
    for _ in range(2):
        with pytest.raises(SystemExit), Spent(path, lambda: 3.0, lambda: 10.0):
            raise SystemExit
    assert Spent(path, *NOTHING).earlier == 6.0
