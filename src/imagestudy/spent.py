"""What earlier processes of a run took, those that were killed included."""

import contextlib
import json
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

SECONDS = 1.0  # between two notes: so much of a killed process is forgotten


class Spent:
    """Notes in a file what this process has spent so far, while the block runs.

    `earlier`: the seconds of the processes before; `most_memory`: the megabytes that one of them
    had taken when it last made a note. The file is removed when the block has ended
    well; a process that is killed, or fails, leaves it to the next.
    """

    def __init__(self, path: Path, clock: Callable[[], float], memory: Callable[[], float]) -> None:
        """`clock`: the seconds of this process; `memory`: its peak so far, in megabytes."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path, self._clock, self._memory = path, clock, memory
        before = json.loads(path.read_text()) if path.exists() else [0.0, 0.0]
        self.earlier, self.most_memory = before
        self._ended = threading.Event()
        self._notes = threading.Thread(target=self._keep_noting, daemon=True)

    def __enter__(self) -> "Spent":
        self._note()
        self._notes.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._notes.join()
        if kind is None:
            self._path.unlink(missing_ok=True)
        else:
            self._note()

    def _keep_noting(self) -> None:
        while not self._ended.wait(SECONDS):
            self._note()

    def _note(self) -> None:
        partial = self._path.with_suffix(".spent.part")
        # A full disk is told where the run itself writes.
        with contextlib.suppress(OSError):
            memory = max(self.most_memory, self._memory())
            partial.write_text(json.dumps([self.earlier + self._clock(), memory]))
            partial.replace(self._path)
