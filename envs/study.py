"""Runs Snakemake in the current folder, after a Snakemake that was killed there too.

usage: .venv/bin/python envs/study.py ARGUMENTS OF SNAKEMAKE

Snakemake's locks do not say whose they are. So their owner is written beside them: this process,
which becomes Snakemake. They are removed only when the owner was of this machine and has ended.
"""

import json
import os
import platform
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil

SNAKEMAKE = [sys.executable, "-m", "snakemake"]
# Snakemake removes the folder when it ends, or unlocks: the record never outlives its locks.
LOCKS = Path(".snakemake/locks")
OWNER = LOCKS / "owner.json"
CLOCK_SECONDS = 2  # within which two times say the same


def main(arguments: list[str]) -> None:
    """Become Snakemake with these arguments, or stop and say why not."""
    if any(LOCKS.glob("*.lock")):
        require_dead(owner(), arguments)
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
        stop(f"{LOCKS.resolve()} cannot be written ({error.strerror}); the study needs it")
    # It replaces this process: signals, exit code and process number are Snakemake's own.
    os.execv(sys.executable, [*SNAKEMAKE, *arguments])


def require_dead(found: dict[str, Any] | None, arguments: list[str]) -> None:
    """Stop unless the locks' owner was of this machine and has ended."""
    by_hand = shlex.join([*SNAKEMAKE, "--unlock", *arguments])
    working = [process.pid for process in psutil.process_iter() if works_here(process)]
    if found and found["host"] == platform.node() and is_alive(found):
        working.append(found["pid"])
    if working:
        numbers = ", ".join(map(str, sorted(set(working))))
        stop(f"Snakemake works in {Path.cwd()} already: process {numbers}. Wait until it has ended")
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
    """The process that the locks belong to; None where nothing says so."""
    return json.loads(OWNER.read_text()) if OWNER.exists() else None


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


def works_here(process: psutil.Process) -> bool:
    """Whether `process` is a Snakemake in this folder, by whomever it was started."""
    try:
        named = any(Path(word).name == "snakemake" for word in process.cmdline())
        return named and Path(process.cwd()) == Path.cwd()
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
