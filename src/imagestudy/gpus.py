"""GPUs of one machine, each lent to one job at a time."""

import contextlib
import fcntl
import itertools
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from urllib.parse import quote

from imagestudy.errors import StudyError

VISIBLE = "CUDA_VISIBLE_DEVICES"
# A person hides all GPUs by nothing or -1, Slurm by a word.
NO_DEVICE = ("", "-1", "none", "NoDevFiles")
POLL_SECONDS = 1
# One place for all studies of a person: they share the machine, whatever their folders.
LEASES = Path(tempfile.gettempdir()) / f"imagestudy-gpus-{os.getuid()}"


@contextlib.contextmanager
def leased(count: int, leases: Path = LEASES) -> Iterator[list[str]]:
    """Let this process see `count` GPUs that no other job has, while the block runs.

    Waits until so many are free. Gives their ids, as in CUDA_VISIBLE_DEVICES, which is set: the
    backend must not have looked for devices yet. A GPU is free again when its process ends,
    however it ends. Nothing is lent where Slurm has done so, where the machine has no GPU, and
    to a job that asks for none: these see what they saw before.

    Raises:
        StudyError: if the machine has GPUs, but fewer than `count`; if `leases` is not one's own.
    """
    devices = _devices() if count and "SLURM_JOB_ID" not in os.environ else []
    if not devices:
        yield []
        return
    if count > len(devices):
        raise StudyError(
            f"this job asks for {count} GPUs (`gpu` among its rule's resources); it may ask for "
            f"{len(devices)} at most, since this machine has, or {VISIBLE} names, no more than "
            f"these: {', '.join(devices)}"
        )
    before = os.environ.get(VISIBLE)
    with contextlib.ExitStack() as stack:
        mine = _wait_for(count, devices, leases, stack)
        os.environ[VISIBLE] = ",".join(mine)
        print(f"{VISIBLE}={os.environ[VISIBLE]}", file=sys.stderr)
        try:
            yield mine
        finally:
            if before is None:
                del os.environ[VISIBLE]
            else:
                os.environ[VISIBLE] = before


def hide() -> None:
    """Let this process see no GPU, for what only builds networks: all are for what trains.

    The backend must not have looked for devices yet.
    """
    os.environ[VISIBLE] = "-1"
    # Some versions of JAX's plugin fail where they find none.
    os.environ["JAX_PLATFORMS"] = "cpu"
    if "jax" in sys.modules:
        sys.modules["jax"].config.update("jax_platforms", "cpu")


def require_found(device: str) -> None:
    """Refuse to train on the CPU a job that was lent an NVIDIA GPU.

    `device`: what the backend would train on, `cpu` or `gpu`. A machine without `nvidia-smi` is
    taken for one without such a GPU.

    Raises:
        StudyError: if that is the CPU, though not all GPUs are hidden, and the driver knows one, or
            fails.
    """
    if device != "cpu" or (VISIBLE in os.environ and not _devices()):
        return
    count, failure = _known()
    otherwise = f"To train on the CPU, set {VISIBLE}=-1, which hides every GPU"
    if failure:
        raise StudyError(f"this job asks for a GPU, but nvidia-smi fails: {failure}. {otherwise}")
    if count:
        raise StudyError(
            f"this job has GPU {', '.join(_devices())}, but the backend finds none: what is "
            "installed is made for CPUs, or does not fit the driver. Install what is made for GPUs "
            f"(`make environment ENVIRONMENT=tensorflow-cuda`, or `jax-cuda`). {otherwise}"
        )


def _devices() -> list[str]:
    """The ids of the GPUs that this process may use."""
    if VISIBLE not in os.environ:
        return [str(number) for number in range(_known()[0])]
    words = [word.strip() for word in os.environ[VISIBLE].split(",")]
    # CUDA stops at what is none; none is there twice, however often it is named.
    named = itertools.takewhile(lambda word: word not in NO_DEVICE, words)
    return list(dict.fromkeys(named))


def _known() -> tuple[int, str]:
    """How many GPUs the machine's driver knows, and what it says where it fails."""
    if not shutil.which("nvidia-smi"):
        return 0, ""
    listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=False)
    said = (listed.stderr or listed.stdout).strip().partition("\n")[0]
    failure = (said or f"exit status {listed.returncode}") if listed.returncode else ""
    return sum(line.startswith("GPU ") for line in listed.stdout.splitlines()), failure


def _wait_for(
    count: int, devices: list[str], leases: Path, stack: contextlib.ExitStack
) -> list[str]:
    """The ids of `count` devices, held until the stack is closed."""
    _require_own(leases)
    told = False
    while True:
        with contextlib.ExitStack() as held:
            mine = []
            for device in devices:
                file = held.enter_context(_opened(leases / f"{quote(device, safe='')}.lock"))
                if len(mine) < count and _locks(file):
                    mine.append(device)
            if len(mine) == count:
                stack.push(held.pop_all())
                return mine
        # Not even one is kept meanwhile: two jobs would wait for each other's.
        if not told:
            print(f"waiting for {count} of these GPUs: {', '.join(devices)}", file=sys.stderr)
            told = True
        time.sleep(POLL_SECONDS)


def _require_own(leases: Path) -> None:
    """Make the folder; refuse one that another person made, whose links would be followed."""
    leases.mkdir(mode=0o700, exist_ok=True)
    found = leases.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise StudyError(
            f"{leases} is not a folder of your own; GPUs are lent by files in it. Remove it, or "
            "have its owner remove it"
        )


def _opened(path: Path) -> IO[str]:
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
    return os.fdopen(os.open(path, flags, 0o600), "r+")


def _locks(file: IO[str]) -> bool:
    # As in `locks`: a forked worker that outlives its killed parent would hold a `flock` too.
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
