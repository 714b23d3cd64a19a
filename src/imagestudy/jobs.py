"""What every job of the study does around its work: a log, its GPUs, errors for a person."""

import contextlib
import gc
import os
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

from imagestudy import disks
from imagestudy.errors import StudyError
from imagestudy.gpus import leased
from imagestudy.locks import held


@contextlib.contextmanager
def logged(path: str | Path, gpus: int = 0) -> Iterator[float]:
    """Send all output of the process to the file `path` while the block runs.

    The same job may still run, where what started it was killed: it is waited for first, so that
    two processes never write the same files. Then for so many free GPUs. Gives the seconds that
    both took.

    The file descriptors are redirected, so the output of native libraries lands there too. A
    `StudyError` ends the process with exit code 1, its message last in the log and on the
    terminal; so does a disk that is full or may not be written. Any other exception leaves its
    traceback in both.
    """
    # What a script has imported by now is no garbage. To look for it takes a fifth of a short job.
    gc.freeze()
    try:
        with held(Path(f"{path}.lock")) as waited, _redirected(path) as terminal:
            try:
                asked = time.monotonic()
                with leased(gpus):
                    yield waited + time.monotonic() - asked
            except Exception as error:
                _tell(terminal, _told(error))
                raise SystemExit(1) from None
    except OSError as error:
        # There is no log to write it to.
        os.write(2, _told(error).encode())
        raise SystemExit(1) from None


@contextlib.contextmanager
def _redirected(path: str | Path) -> Iterator[int]:
    """Send what the process says to the file `path`; gives a descriptor of the terminal."""
    sys.stdout.flush()
    sys.stderr.flush()
    terminal = os.dup(2)
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    try:
        yield terminal
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(terminal, 1)
        os.dup2(terminal, 2)
        os.close(terminal)


def _told(error: Exception) -> str:
    """What is said of an error that ends a job."""
    if isinstance(error, StudyError):
        return f"imagestudy: {error}\n"
    explained = disks.explained(error)
    return f"imagestudy: {explained}\n" if explained else traceback.format_exc()


def _tell(terminal: int, message: str) -> None:
    os.write(terminal, message.encode())
    # Where the disk is full, the log cannot tell it.
    with contextlib.suppress(OSError):
        print(message, file=sys.stderr, flush=True)
