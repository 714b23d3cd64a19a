"""The state of a training that has not finished, kept outside the outputs of its job."""

import contextlib
import fcntl
import io
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np


class Checkpoint:
    """One training's state, in one file named by the training's key."""

    def __init__(self, folder: Path, key: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{key}.npz"
        self._lock = folder / f"{key}.lock"

    @contextlib.contextmanager
    def held(self) -> Iterator[float]:
        """Hold the training for this process; a second one with the same key waits here.

        Gives the seconds that were waited.
        """
        asked = time.monotonic()
        with self._locked():
            yield time.monotonic() - asked

    def _locked(self) -> IO[str]:
        """The lock file, locked. One that its holder removed meanwhile holds nothing: again."""
        while True:
            file = self._lock.open("w")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print(f"another process trains this already ({self._lock}); waiting", flush=True)
                fcntl.flock(file, fcntl.LOCK_EX)
            with contextlib.suppress(FileNotFoundError):
                if os.fstat(file.fileno()).st_ino == self._lock.stat().st_ino:
                    return file
            file.close()

    def load(self) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
        """The saved state and arrays, or None where there are none."""
        if not self._path.exists():
            return None
        with np.load(self._path) as file:
            arrays = {name: file[name] for name in file.files if name != "state"}
            return json.loads(str(file["state"])), arrays

    def save(self, state: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
        """Replace the saved state in one step, so that a kill leaves the old or the new one."""
        buffer = io.BytesIO()
        np.savez(buffer, state=np.array(json.dumps(state)), **arrays)
        partial = self._path.with_suffix(".part")
        with partial.open("wb") as file:
            file.write(buffer.getbuffer())
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._path)

    def remove(self) -> None:
        """Forget the training: it has finished."""
        self._path.unlink(missing_ok=True)
        self._lock.unlink(missing_ok=True)
