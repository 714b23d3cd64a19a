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
