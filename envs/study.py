"""Runs Snakemake in the current folder, after a Snakemake that was killed there too.

usage: .venv/bin/python envs/study.py ARGUMENTS OF SNAKEMAKE

Snakemake's locks do not say whose they are. So their owner is written beside them: this process,
which becomes Snakemake. They are removed only when the owner was of this machine and has ended.

On a Slurm cluster its jobs may have outlived it: those that run are waited for, so that nothing is
trained twice at the same time; those that only wait in the queue are cancelled.

Snakemake deletes what a job made whose end it has not seen. What has finished nevertheless is set
aside for the job that would make it again (`imagestudy.recording`).
"""

import base64
import fcntl
import itertools
import json
import os
import platform
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil

SNAKEMAKE = [sys.executable, "-m", "snakemake"]
# Snakemake removes the folder when it ends, or unlocks: the record never outlives its locks.
LOCKS = Path(".snakemake/locks")
OWNER = LOCKS / "owner.json"
LOCK = Path(".snakemake/study.lock")  # of this program, and of the Snakemake that it becomes
SLURM_LOGS = Path(".snakemake/slurm_logs")  # where Snakemake's plugin for Slurm writes
CLOCK_SECONDS = 2  # within which two times say the same
MARKS = Path(".snakemake/incomplete")  # a file for each output whose job has not ended
RESULT = "result.json"  # written last of a job's outputs
SET_ASIDE = ".finished"
JOB_NAMES = "imagestudy_"  # how profiles/slurm has the names of jobs begin
POLL_SECONDS = 5


def main(arguments: list[str]) -> None:
    """Become Snakemake with these arguments, or stop and say why not."""
    require_profiles(arguments)
    be_alone()
    locked = any(LOCKS.glob("*.lock"))
    if locked:
        require_dead(owner(), arguments)
    if not working():
        if SLURM_LOGS.is_dir() and shutil.which("squeue"):
            outlast_jobs()
        set_aside()
    if locked:
        say("the Snakemake that worked here was killed; unlocking, and going on")
        unlocked = subprocess.run([*SNAKEMAKE, "--unlock", *arguments], check=False)
        if unlocked.returncode:
            raise SystemExit(unlocked.returncode)
    partial = OWNER.with_suffix(".part")
    try:
        LOCKS.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(description(psutil.Process())))
        partial.replace(OWNER)
    except OSError as error:
        stop(f"{LOCKS.resolve()} cannot be written ({error.strerror}); make it writable for you")
    # It replaces this process: signals, exit code and process number are Snakemake's own.
    os.execv(sys.executable, [*SNAKEMAKE, *arguments])


def require_profiles(arguments: list[str]) -> None:
    """Stop where a profile is not there; Snakemake would do without it, on this machine."""
    for option, given in itertools.pairwise(arguments):
        if option.endswith("profile") and "/" in given and not any(Path(given).glob("config*")):
            stop(f"{option} {given}: no profile is there; it must be a folder with a config.yaml")


def be_alone() -> None:
    """Hold a lock until Snakemake ends; stop where another holds it.

    What is found out here about locks and jobs then stays true.
    """
    try:
        LOCK.parent.mkdir(exist_ok=True)
        file = os.open(LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        stop_beside([int(os.read(file, 20) or 0)])
    except OSError as error:
        stop(f"{LOCK.resolve()} cannot be written ({error.strerror}); make it writable for you")
    os.ftruncate(file, 0)
    os.write(file, str(os.getpid()).encode())
    os.set_inheritable(file, True)  # by Snakemake, whose jobs do not get it


def stop_beside(processes: list[int]) -> None:
    """End: others work here."""
    numbers = ", ".join(map(str, sorted(set(processes))))
    stop(f"Snakemake works in {Path.cwd()} already: process {numbers}. Wait until it has ended")


def require_dead(found: dict[str, Any] | None, arguments: list[str]) -> None:
    """Stop unless the locks' owner was of this machine and has ended."""
    by_hand = shlex.join([*SNAKEMAKE, "--unlock", *arguments])
    alive = working()
    if found and found["host"] == platform.node() and is_alive(found):
        alive.append(found["pid"])
    if alive:
        stop_beside(alive)
    if found is None:
        stop(
            f"{LOCKS.resolve()} is locked by a Snakemake that was not started by make. None works "
            "here on this machine; if none does on another, unlock and run this again:",
            by_hand,
        )
    if found["host"] != platform.node():
        stop(
            f"{LOCKS.resolve()} is locked by a Snakemake on {found['host']} (process "
            f"{found['pid']}); this is {platform.node()}. If it has ended there, unlock and run "
            "this again:",
            by_hand,
        )


def owner() -> dict[str, Any] | None:
    """The process that the locks belong to; None where nothing says so.

    After a power failure the file may be there and empty.
    """
    try:
        found = json.loads(OWNER.read_text())
        return {key: found[key] for key in ("host", "pid", "started")}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def description(process: psutil.Process) -> dict[str, Any]:
    """What tells `process` from all others."""
    return {"host": platform.node(), "pid": process.pid, "started": process.create_time()}


def is_alive(described: dict[str, Any]) -> bool:
    """Whether the described process of this machine runs; another may have its number by now."""
    try:
        process = psutil.Process(described["pid"])
        same = abs(process.create_time() - described["started"]) < CLOCK_SECONDS
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def outlast_jobs() -> None:
    """Wait for the Slurm jobs of this folder that run; cancel those that are queued."""
    told = None
    while jobs := slurm_jobs():
        queued = [number for number, state in jobs.items() if state == "PENDING"]
        going_on = [number for number in jobs if number not in queued]
        if queued:
            say(f"cancelling jobs of a killed Snakemake that have not begun: {', '.join(queued)}")
            # Of a job that has begun meanwhile this spares the work.
            subprocess.run(["scancel", "--state=PENDING", *queued], check=False)
        if going_on and going_on != told:
            say(
                f"jobs of a killed Snakemake go on: {', '.join(going_on)}. Waiting for them, to "
                "keep what they make; to have them begin again say, in another terminal:",
                shlex.join(["scancel", *going_on]),
            )
            told = going_on
        time.sleep(POLL_SECONDS)


def set_aside() -> None:
    """Rename finished outputs of jobs whose end Snakemake has not seen, the result last."""
    marked = [marked_output(mark) for mark in MARKS.rglob("*") if mark.is_file()]
    for output in sorted(marked, key=lambda output: output.name == RESULT):
        if output.exists() and output.with_name(RESULT).exists():
            output.replace(output.with_name(output.name + SET_ASIDE))


def marked_output(mark: Path) -> Path:
    """The output that Snakemake means by `mark`: its path in base 64, long ones in folders `@…`."""
    parts = mark.relative_to(MARKS).parts
    coded = "".join(part.removeprefix("@") for part in parts)
    return Path(base64.urlsafe_b64decode(coded).decode())


def slurm_jobs() -> dict[str, str]:
    """The states of the Slurm jobs of this folder that have not ended, by their numbers."""
    command = ["squeue", "--me", "--noheader", "--format=%i|%T|%j|%Z"]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)
    if asked.returncode:
        stop(
            "Slurm does not say whether jobs of an earlier Snakemake go on here:",
            asked.stderr.strip(),
            "Run this again when squeue works. Where there is no Slurm any more, say first:",
            f"rm -r {SLURM_LOGS}",
        )
    jobs = [line.split("|", 3) for line in asked.stdout.splitlines()]
    return {
        number: state
        for number, state, name, folder in jobs
        if name.startswith(JOB_NAMES) and Path(folder) == Path.cwd()
    }


def working() -> list[int]:
    """The numbers of the processes that are Snakemakes in this folder."""
    return [process.pid for process in psutil.process_iter() if works_here(process)]


def works_here(process: psutil.Process) -> bool:
    """Whether `process` is a Snakemake in this folder, by whomever it was started."""
    try:
        words = process.cmdline()
        named = any(Path(word).name == "snakemake" for word in words)
        within_job = "--mode" in words and "remote" in words  # on a node of a cluster
        return named and not within_job and Path(process.cwd()) == Path.cwd()
    except psutil.Error:
        return False  # it has ended, or is another person's


def say(*lines: str) -> None:
    """Tell the person at the terminal."""
    print("study:", "\n  ".join(lines), file=sys.stderr, flush=True)


def stop(*lines: str) -> None:
    """End with a message."""
    say(*lines)
    raise SystemExit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
