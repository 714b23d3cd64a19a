"""Locks that end with the process that holds them, however it ends."""

import contextlib
import fcntl
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO


@contextlib.contextmanager
def held(path: Path) -> Iterator[float]:
    """Hold the lock file `path` for this process; a second process waits here.

    Gives the seconds that were waited. The file is gone afterwards.
    """
    asked = time.monotonic()
    path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(path):
        try:
            yield time.monotonic() - asked
        finally:
            path.unlink(missing_ok=True)


def _locked(path: Path) -> IO[str]:
    """The lock file, locked. One that its holder removed meanwhile holds nothing: again."""
    while True:
        file = path.open("w")
        # Not `flock`: a forked worker that outlives its killed parent would hold that too.
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"an earlier process still holds {path}; waiting for it", file=sys.stderr)
            fcntl.lockf(file, fcntl.LOCK_EX)
        with contextlib.suppress(FileNotFoundError):
            if os.fstat(file.fileno()).st_ino == path.stat().st_ino:
                return file
        file.close()
