"""What is killed with -9 and started again ends as if nothing had happened."""

import fcntl
import io
import itertools
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import psutil
import pytest
import yaml
from conftest import ROOT, TINY, TRIAL, StudyCopy
from PIL import Image

FOUND = "results/demo/searches/autokeras"
SELECTED = (f"{FOUND}/ledger.csv", f"{FOUND}/seed-1/best.json")
TIMES = ["seconds", "start_seconds", "steps_seconds", "device_seconds"]
TIMES += ["cumulative_device_seconds", "peak_memory_mb"]
PICTURES = {"classes": 3, "train": 30, "test": 10, "unlabelled": 2, "seed": 1}
SEARCH = {"trials_per_round": 2, "training": TRIAL | {"epochs": 25, "seconds": 600}}
PATIENCE = 900  # seconds
LIBRARY = os.environ | {"PYTHONPATH": str(ROOT / "src")}
THIS = {"host": platform.node(), "pid": os.getpid(), "started": 0.0}


class Search:
    """A study of which the search by AutoKeras is asked for: two rounds of two trials."""

    def __init__(self, folder):
        self.folder = folder

    @classmethod
    def new(cls, folder):
        StudyCopy.new(folder)
        tiny = TINY["searches"] | {"autokeras": TINY["searches"]["autokeras"] | SEARCH}
        pictures = {"tiny_imagenet": {"selection_fraction": 0.2, "generate": PICTURES}}
        settings = TINY | {"searches": tiny, "datasets": TINY["datasets"] | pictures}
        (folder / "scales" / "demo.yaml").write_text(yaml.safe_dump(settings))
        trainer = folder / "src" / "imagestudy" / "training.py"
        text = trainer.read_text()
        assert "CHECKPOINT_SECONDS = 60" in text
        trainer.write_text(text.replace("CHECKPOINT_SECONDS = 60", "CHECKPOINT_SECONDS = 0"))
        return cls(folder)

    def copy(self, folder):
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return Search(folder)

    def started(self, *target):
        """Snakemake at work in a process group of its own, as `make report` starts it."""
        command = [sys.executable, "envs/study.py", "--cores", "2", *(target or SELECTED)]
        with (self.folder / "output.txt").open("a") as output:
            return subprocess.Popen(
                command, cwd=self.folder, stdout=output, stderr=output, start_new_session=True
            )

    def run(self, *target):
        assert self.started(*target).wait(PATIENCE) == 0, self.output()
        return self

    def output(self):
        return (self.folder / "output.txt").read_text()

    def found(self, name):
        """The result files of this name, by where they are."""
        places = (self.folder / "results" / "demo").rglob(name)
        return {str(path.relative_to(self.folder)): path for path in places}

    def kept(self):
        """The finished results, with the time at which each was written."""
        results = self.found("result.json").items()
        return {place: (path.stat().st_mtime_ns, path.read_bytes()) for place, path in results}

    def trials(self):
        """The processes that are trials of this study."""
        return [process for process in psutil.process_iter() if self._is_trial(process)]

    def _is_trial(self, process):
        try:
            words = process.cmdline()
            script = len(words) == 2 and words[1].endswith(".autokeras.py")
            return script and Path(process.cwd()) == self.folder
        except psutil.Error:
            return False

    def at_work(self, rule):
        """How many jobs of this rule have begun and not ended."""
        return len(list((self.folder / "results" / "demo" / "logs" / rule).rglob("*.lock")))

    def trial_logs(self):
        return [path.read_text() for path in (self.folder / "results").rglob("logs/trial/**/*.log")]

    def checkpoints(self):
        return list((self.folder / "results" / "demo" / "checkpoints").rglob("*.npz"))

    def is_tidy(self):
        """Whether nothing is left of what was killed."""
        files = [*(self.folder / "results").rglob("*"), *(self.folder / "resources").rglob("*")]
        left = [path for path in files if path.suffix in (".lock", ".part", ".finished")]
        checkpoints = (self.folder / "results" / "demo" / "checkpoints").rglob("*")
        return not left and not any(path.is_file() for path in checkpoints)

    def outcome(self):
        """All that must not depend on when something was killed."""
        return {
            **self._read("proposals.json", json.loads),
            **self._read("result.json", lambda text: json.loads(text)["metrics"]),
            **self._read("best.json", _without_times),
            **self._read("ledger.csv", _ledger_without_times),
        }

    def trained(self):
        """Histories (times aside), predictions and weights of all runs."""
        found = self._read("history.csv", _history_without_times)
        for place, path in self.found("predictions.npz").items():
            with np.load(path) as arrays:
                found[place] = {name: arrays[name].tobytes() for name in arrays.files}
        for place, path in self.found("model.keras").items():
            weights = keras.models.load_model(path).get_weights()
            found[place] = [weight.tobytes() for weight in weights]
        return found

    def _read(self, name, read):
        found = {place: read(path.read_text()) for place, path in self.found(name).items()}
        assert found
        return found


def _without_times(text):
    return {key: value for key, value in json.loads(text).items() if key not in TIMES}


def _history_without_times(text):
    return pd.read_csv(io.StringIO(text)).drop(columns="seconds").to_csv()


def _ledger_without_times(text):
    return pd.read_csv(io.StringIO(text)).drop(columns=TIMES).to_csv()


def wait_for(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def contents(search):
    """The finished results; Snakemake touches what a job has kept."""
    return {place: content for place, (_, content) in search.kept().items()}


def has_ended(process):
    """Whether it does nothing any more; its new parent need not have noticed."""
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def both_have_started(search):
    return len(search.trials()) == 2


def both_are_at_work(search):
    return search.at_work("trial") == 2


def one_can_be_resumed(search):
    return bool(search.checkpoints())


def one_has_finished(search):
    return len(search.kept()) % 2


def a_round_is_put_forward(search):
    return search.at_work("propose")


def one_trial(search, snakemake):
    for process in search.trials()[:1]:
        process.kill()
    snakemake.wait(PATIENCE)


def all_trials(search, snakemake):
    for process in search.trials():
        process.kill()
    snakemake.wait(PATIENCE)


def everything(search, snakemake):
    os.killpg(snakemake.pid, signal.SIGKILL)
    snakemake.wait()


def snakemake_alone(search, snakemake):
    snakemake.kill()
    snakemake.wait()


@pytest.fixture(scope="module")
def rounds(tmp_path_factory):
    """The search before its first and before its second round, and finished; never killed."""
    first = Search.new(tmp_path_factory.mktemp("first"))
    first.run("autokeras", "--omit-from", "trial")
    second = first.copy(tmp_path_factory.mktemp("second"))
    second.run("autokeras", "--until", "propose")
    return {1: first, 2: second, "finished": second.copy(tmp_path_factory.mktemp("third")).run()}


@pytest.fixture
def search_before(rounds, tmp_path):
    """Make the search as it is before the round of this number; in the end nothing of it runs."""
    search = Search(tmp_path)
    yield lambda number: rounds[number].copy(tmp_path)
    for process in search.trials():
        process.kill()


def test_a_killed_search_resumes_and_ends_like_any_other(rounds, search_before):
    search = search_before(2)
    snakemake = search.started()
    wait_for(lambda: one_can_be_resumed(search))
    everything(search, snakemake)
    kept = search.kept()
    assert len(kept) == 2
    search.run()
    assert kept.items() <= search.kept().items()
    assert search.outcome() == rounds["finished"].outcome()
    assert any("resumed after step" in log for log in search.trial_logs())
    assert search.is_tidy()


def test_a_search_goes_on_without_a_trial_that_crashed(search_before):
    search = search_before(2)
    snakemake = search.started()
    wait_for(lambda: search.checkpoints())
    search.trials()[0].send_signal(signal.SIGSEGV)
    assert snakemake.wait(PATIENCE) == 0, search.output()
    ledger = pd.read_csv(search.folder / SELECTED[0])
    assert sorted(ledger["status"]) == ["completed"] * 3 + ["failed"]
    assert ledger["error"].dropna().tolist() == ["crashed: Segmentation fault"]


def test_trials_that_outlive_snakemake_are_waited_for(rounds, search_before):
    search = search_before(2)
    snakemake = search.started()
    wait_for(lambda: both_are_at_work(search))
    snakemake_alone(search, snakemake)
    orphans = search.trials()
    for orphan in orphans:
        orphan.suspend()
    snakemake = search.started()
    wait_for(lambda: search.output().count("waiting for it") == 2)
    for orphan in orphans:
        orphan.resume()
    assert snakemake.wait(PATIENCE) == 0, search.output()
    assert len(orphans) == 2
    assert all(has_ended(orphan) for orphan in orphans)
    again = [log for log in search.trial_logs() if "its result is kept" in log]
    assert len(again) == 2
    assert not any("epoch" in log for log in again)
    assert search.outcome() == rounds["finished"].outcome()
    assert search.is_tidy()


@pytest.mark.parametrize("edited", [False, pytest.param(True, marks=pytest.mark.thorough)])
def test_what_finished_without_snakemake_is_kept(rounds, search_before, edited):
    search = search_before(2)
    snakemake = search.started()
    wait_for(lambda: both_are_at_work(search))
    snakemake_alone(search, snakemake)
    wait_for(lambda: not search.trials())
    made = contents(search)
    assert len(made) == 4
    if edited:
        trainer = search.folder / "src" / "imagestudy" / "evaluation.py"
        trainer.write_text(trainer.read_text() + "\n\nEDITED = True\n")
    search.run()
    assert (contents(search) == made) != edited
    found, expected = (each.outcome() for each in (search, rounds["finished"]))
    # A ledger has the digest of the code.
    digests = {place for place in found if edited and place.endswith(("ledger.csv", "best.json"))}
    assert found.keys() == expected.keys()
    assert all(found[place] == expected[place] for place in found.keys() - digests)
    assert search.is_tidy()


KILLS = (one_trial, all_trials, everything, snakemake_alone)
MOMENTS = (both_have_started, both_are_at_work, one_has_finished)
BETWEEN = [(1, kill, a_round_is_put_forward) for kill in (everything, snakemake_alone)]


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("number", "kill", "moment"), [*itertools.product([1, 2], KILLS, MOMENTS), *BETWEEN]
)
def test_a_search_killed_at_any_moment(rounds, search_before, number, kill, moment):
    search = search_before(number)
    snakemake = search.started()
    wait_for(lambda: moment(search))
    kill(search, snakemake)
    if kill in (one_trial, all_trials):  # Snakemake, which lived, has started them once more
        assert len(search.kept()) == 4
    search.run()
    assert rounds[number].kept().items() <= search.kept().items()
    assert search.outcome() == rounds["finished"].outcome()
    assert search.is_tidy()


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(3))
def test_a_whole_study_killed_again_and_again(finished_study, tmp_path, seed):
    study = Search(StudyCopy.new(tmp_path).folder)
    generator = np.random.default_rng(seed)
    for _ in range(12):
        snakemake = study.started("report.pdf")
        time.sleep(generator.uniform(3, 40))
        generator.choice([everything, everything, snakemake_alone])(study, snakemake)
    study.run("report.pdf")
    never_killed = Search(finished_study.folder)
    assert study.outcome() == never_killed.outcome()
    assert study.trained() == never_killed.trained()
    assert study.is_tidy()


JOB = """
import sys, time
from imagestudy.jobs import logged
with logged(sys.argv[1]) as waited:
    print("waited" if waited > 0.5 else "at once", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def job(log, seconds):
    command = [sys.executable, "-c", JOB, log, str(seconds)]
    return subprocess.Popen(command, env=LIBRARY, stderr=subprocess.DEVNULL)


@pytest.mark.parametrize(("killed", "said"), [(False, "waited\n"), (True, "at once\n")])
def test_a_job_waits_while_an_earlier_process_is_at_it(tmp_path, killed, said):
    log = tmp_path / "logs" / "job.log"
    first = job(log, 60 if killed else 2)
    wait_for(lambda: log.exists() and log.read_text())
    if killed:
        first.kill()
        first.wait()
    assert job(log, 0).wait(PATIENCE) == 0
    assert log.read_text() == said
    assert first.wait() == (-signal.SIGKILL if killed else 0)
    assert [path.name for path in log.parent.iterdir()] == ["job.log"]


PREPARATION = """
import sys, time
from pathlib import Path
import numpy as np
from imagestudy.datasets.archives import Folder
from imagestudy.datasets.listing import Entries
from imagestudy.datasets.pictures import FEW, Decoder
many = FEW + 1
entries = Entries(["1.png"] * many, np.zeros(many, np.int32), np.zeros((many, 4), np.int16))
with Decoder(Folder(Path(sys.argv[1])), 8, "box", 2) as decoder:
    next(decoder.blocks(entries, np.arange(many)))
    time.sleep(60)
"""


def test_workers_end_with_a_preparation_that_is_killed(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "1.png")
    parent = subprocess.Popen([sys.executable, "-c", PREPARATION, tmp_path], env=LIBRARY)
    wait_for(lambda: len(psutil.Process(parent.pid).children()) == 2)
    workers = psutil.Process(parent.pid).children()
    parent.kill()
    parent.wait()
    wait_for(lambda: all(has_ended(worker) for worker in workers))


@pytest.fixture
def locked(fresh_study):
    """A study that a Snakemake has left locked; run as `make report` does, but dry."""
    locks = fresh_study.folder / ".snakemake" / "locks"
    locks.mkdir(parents=True)
    (locks / "0.output.lock").write_text("report.pdf\n")

    def run(**owner):
        if owner:
            (locks / "owner.json").write_text(json.dumps(THIS | owner))
        command = [sys.executable, "envs/study.py", "-n", "report.pdf"]
        return subprocess.run(
            command, cwd=fresh_study.folder, capture_output=True, text=True, check=False
        )

    run.folder = fresh_study.folder
    return run


def test_a_lock_whose_owner_works_is_left(locked):
    ended = locked(pid=os.getpid(), started=psutil.Process().create_time())
    assert ended.returncode == 1
    assert f"works in {locked.folder} already: process {os.getpid()}." in ended.stderr


def test_a_lock_of_an_ended_process_is_removed(locked):
    # this test's own number, as an earlier process had it
    ended = locked(pid=os.getpid(), started=psutil.Process().create_time() - 100)
    assert ended.returncode == 0, ended.stderr
    assert "was killed; unlocking, and going on" in ended.stderr
    assert not list((locked.folder / ".snakemake" / "locks").glob("*.lock"))


def test_a_lock_of_another_machine_is_left_and_the_way_out_is_named(locked):
    ended = locked(host="elsewhere")
    assert ended.returncode == 1
    assert "a Snakemake on elsewhere" in ended.stderr
    assert "snakemake --unlock -n report.pdf" in ended.stderr


def test_a_lock_that_nobody_owns_is_left(locked):
    ended = locked()
    assert ended.returncode == 1
    assert "was not started by make" in ended.stderr


def test_an_owner_that_a_power_failure_left_empty_is_nobody(locked):
    (locked.folder / ".snakemake" / "locks" / "owner.json").write_text("")
    ended = locked()
    assert ended.returncode == 1
    assert "was not started by make" in ended.stderr


def test_one_that_still_waits_is_seen(locked):
    """Two commands after a kill: the second must not go on where the first waits for jobs."""
    (locked.folder / ".snakemake").mkdir(exist_ok=True)
    with (locked.folder / ".snakemake" / "study.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("4711")
        lock.flush()
        ended = locked(pid=2**22, started=0.0)
    assert ended.returncode == 1
    assert f"works in {locked.folder} already: process 4711." in ended.stderr
    assert locked(pid=2**22, started=0.0).returncode == 0


def test_a_snakemake_started_by_hand_is_seen(locked):
    command = ["bash", "-c", "exec -a snakemake sleep 60"]
    with subprocess.Popen(command, cwd=locked.folder) as by_hand:
        wait_for(lambda: psutil.Process(by_hand.pid).cmdline()[:1] == ["snakemake"])
        ended = locked(pid=by_hand.pid, started=0.0)
        by_hand.kill()
    assert ended.returncode == 1
    assert f"already: process {by_hand.pid}." in ended.stderr
