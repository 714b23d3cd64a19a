"""A Slurm cluster for tests: two nodes on this machine, with a fake GPU each, gone afterwards."""

import contextlib
import os
import re
import shutil
import stat
import subprocess
import time
from pathlib import Path

import psutil
from slurm_configuration import ACCOUNT, DATABASE_PORT, NAME, NODES, configuration

ETC = Path("/etc/slurm")  # the job steps look nowhere else
CONFIGURATION = ETC / "slurm.conf"
FILES = ("slurm.conf", "gres.conf", "cgroup.conf", "slurmdbd.conf")
MUNGE = Path("/run/munge")
# What is said of a job, and squeue's names for it.
COLUMNS = {
    "id": "JobID", "state": "State", "partition": "Partition", "node": "NodeList",
    "comment": "Comment", "memory": "MinMemory", "time": "TimeLimit", "gpus": "tres-per-job",
    "account": "Account", "folder": "WorkDir",
}  # fmt: skip
PATIENCE = 60  # seconds
PROGRAMS = ("munged", "slurmctld", "slurmd")
ACCOUNTING_PROGRAMS = ("slurmdbd", "mariadbd", "mariadb-install-db")


def why_not(programs: tuple[str, ...]) -> str | None:
    """The reason why no cluster can be started here; None where one can."""
    missing = [program for program in programs if not _found(program)]
    if missing:
        return f"{', '.join(missing)} not found: envs/setup.sh slurm installs Debian's packages"
    if os.geteuid():
        return "slurmd wants to be started by root"
    for name in FILES:
        if os.path.lexists(ETC / name) and not _is_of_a_test(ETC / name):
            return f"{ETC / name} is not of a test's cluster, which would take its place"
    if CONFIGURATION.exists() and _answers("scontrol", "ping"):
        return "a test's cluster is at work here; after a killed test: stop its slurmctld, slurmd"
    return None


def _is_of_a_test(file: Path) -> bool:
    """Whether it is a link into the folder of a test that was killed, which may be gone."""
    if not file.is_symlink():
        return False
    folder = file.readlink().parent
    own = folder / "slurm.conf"
    named = re.fullmatch("cluster[0-9]+", folder.name) is not None
    return named and (not own.exists() or f"ClusterName={NAME}\n" in own.read_text())


def _found(program: str) -> str | None:
    return shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")


def _answers(*command: str) -> bool:
    return not subprocess.run(command, capture_output=True, check=False).returncode


class Cluster:
    """The daemons, each a child of this process."""

    def __init__(self, folder: Path, *, accounting: bool = False) -> None:
        self.folder = folder
        self.accounting = accounting
        self._daemons: dict[str, subprocess.Popen] = {}
        self._links: list[Path] = []

    def __enter__(self) -> "Cluster":
        try:
            self._configure()
            self._start_munge()
            if self.accounting:
                self._start_database()
                self.start("slurmdbd")
                self._wait(lambda: _answers("sacctmgr", "-n", "list", "cluster"))
                self._run("sacctmgr", "-i", "add", "cluster", NAME)
                self._run("sacctmgr", "-i", "add", "account", ACCOUNT, f"Cluster={NAME}")
                self._run("sacctmgr", "-i", "add", "user", "root", f"Account={ACCOUNT}")
            self.start("slurmctld")
            for name in NODES:
                self.start(name)
            self.wait_until_idle()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if "slurmctld" in self._daemons:
            with contextlib.suppress(TimeoutError, RuntimeError):
                self.cancel_all()
        for name in reversed(list(self._daemons)):
            self.stop(name)
        for link in self._links:
            link.unlink()

    def wait_until_idle(self) -> None:
        """Wait until all nodes are ready for jobs."""
        self._wait(lambda: set(self._run("sinfo", "-h", "-o", "%t", "-N").split()) == {"idle"})

    def start(self, name: str) -> None:
        """Start a daemon: `slurmctld`, `slurmdbd` or a node."""
        command = (
            [_found(name), "-D"] if name not in NODES else [_found("slurmd"), "-D", "-N", name]
        )
        self._spawn(name, command)

    def stop(self, name: str) -> None:
        """Stop a daemon, and wait until it has ended."""
        daemon = self._daemons.pop(name)
        daemon.terminate()
        try:
            daemon.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()

    def cut_power(self, name: str) -> None:
        """End a node with all that runs on it, as if it were switched off."""
        daemon = self._daemons.pop(name)
        running = [job["id"] for job in self.jobs() if job["node"] == name]
        steps = [each for each in psutil.process_iter() if _is_step_of(each, running)]
        children = [child for step in steps for child in step.children(recursive=True)]
        for process in [psutil.Process(daemon.pid), *steps, *children]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        daemon.wait()

    def jobs(self, state: str | None = None, *, folder: Path | None = None) -> list[dict[str, str]]:
        """The jobs that squeue lists: unfinished ones, or those in a state, or "all"."""
        states = [f"--states={state}"] if state else []
        form = ",".join(f"{name}:400" for name in COLUMNS.values())
        lines = self._run("squeue", "-h", f"--Format={form}", *states).splitlines()
        words = [[line[at : at + 400].strip() for at in range(0, len(line), 400)] for line in lines]
        found = [dict(zip(COLUMNS, each, strict=True)) for each in words]
        return [job for job in found if folder is None or job["folder"] == str(folder)]

    def cancel(self, *jobs: str) -> None:
        """Cancel the jobs of these numbers; without any, all."""
        self._run("scancel", *(jobs or ("--user=root",)))

    def cancel_all(self) -> None:
        """Cancel all jobs, and wait until they have ended."""
        self.cancel()
        self._wait(lambda: not self.jobs())

    def _configure(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in NODES:
            device = os.makedev(1, 3)  # /dev/null, by another name
            os.mknod(self.folder / f"gpu-{name}", 0o666 | stat.S_IFCHR, device)
        ETC.mkdir(exist_ok=True)
        for name, text in configuration(self.folder, accounting=self.accounting).items():
            (self.folder / name).write_text(text)
            (self.folder / name).chmod(0o600)
            link = ETC / name
            link.unlink(missing_ok=True)  # left by a test that was killed: `why_not` has looked
            link.symlink_to(self.folder / name)
            self._links.append(link)

    def _start_munge(self) -> None:
        if _answers("munge", "-n"):
            return
        MUNGE.mkdir(exist_ok=True)
        shutil.chown(MUNGE, "munge", "munge")
        MUNGE.chmod(0o755)
        self._spawn("munged", [_found("munged"), "--foreground"], user="munge", group="munge")
        self._wait(lambda: _answers("munge", "-n"))

    def _start_database(self) -> None:
        data = self.folder / "database"
        self._run(
            "mariadb-install-db",
            "--no-defaults",
            f"--datadir={data}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            "--user=root",
        )
        users = self.folder / "users.sql"
        users.write_text(
            "CREATE USER slurm@'127.0.0.1' IDENTIFIED BY 'throw-away';\n"
            "GRANT ALL ON slurm_acct_db.* TO slurm@'127.0.0.1';\n"
        )
        options = {
            "datadir": data,
            "socket": self.folder / "database.sock",
            "bind-address": "127.0.0.1",
            "port": DATABASE_PORT,
            "init-file": users,
            "user": "root",
        }
        words = [f"--{key}={value}" for key, value in options.items()]
        self._spawn(
            "mariadbd", [_found("mariadbd"), "--no-defaults", "--skip-name-resolve", *words]
        )
        self._wait((self.folder / "database.sock").exists)

    def _spawn(self, name: str, command: list[str], **user: str) -> None:
        ends_with_us = ["setpriv", "--pdeathsig", "TERM"]
        with (self.folder / f"{name}.out").open("a") as output:
            self._daemons[name] = subprocess.Popen(
                [*ends_with_us, *command],
                stdout=output,
                stderr=output,
                start_new_session=True,
                **user,
            )

    def _run(self, *command: str) -> str:
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        if ended.returncode:
            raise RuntimeError(f"{command}: {ended.stdout}{ended.stderr}")
        return ended.stdout

    def _wait(self, condition) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(f"the test cluster does not start; see {self.folder}")
            time.sleep(0.2)


def _is_step_of(process: psutil.Process, jobs: list[str]) -> bool:
    """Whether it is the supervisor of a step of one of these jobs: `slurmstepd: [7.batch]`."""
    try:
        words = " ".join(process.cmdline())
        return words.startswith("slurmstepd") and any(f"[{job}." in words for job in jobs)
    except psutil.Error:
        return False
