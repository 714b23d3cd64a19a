"""What earlier processes of a run took, those that were killed included, and how they died."""

import contextlib
import faulthandler
import json
import re
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import psutil

# Between two notes: so much of a killed process is forgotten, or all of its start.
SECONDS = 1.0
# The kernel ends what has most memory. What has less than this part of all of it was not meant.
LEAST_PART_KILLED = 0.25
# Of all control groups of the system, which has one such count.
VMSTAT = Path("/proc/vmstat")
# What a container may take at most, in the second and the first version of control groups.
LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


class Spent:
    """Notes in a file what this process has spent so far, while the block runs.

    `earlier`: the seconds of the processes before; `most_memory`: the megabytes that one of them
    had taken when it last made a note; `crash`: what became of the last one, where a fault of its
    own ended it (`Segmentation fault`), or `killed by the system for its memory`; else None. The
    file is removed when the block has ended well; a process that is killed, or fails, leaves it to
    the next.
    """

    def __init__(self, path: Path, clock: Callable[[], float], memory: Callable[[], float]) -> None:
        """`clock`: the seconds of this process; `memory`: its peak so far, in megabytes."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path, self._clock, self._memory = path, clock, memory
        self._fault_path = path.with_suffix(".fault")
        before = self._noted()
        self.earlier, self.most_memory, kills = before or (0.0, 0.0, 0)
        self.crash = before and (self._fault() or self._kill(kills))
        self._ended = threading.Event()
        self._notes = threading.Thread(target=self._keep_noting, daemon=True)

    def __enter__(self) -> "Spent":
        self._faults = self._fault_path.open("w")
        faulthandler.enable(self._faults)
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
        faulthandler.disable()
        self._faults.close()
        self._fault_path.unlink(missing_ok=True)
        if kind is None:
            self._path.unlink(missing_ok=True)
        else:
            self._note()

    def _noted(self) -> list[float] | None:
        """Seconds, memory and the system's kills as last noted; None where nothing is."""
        # A power failure may leave an empty file.
        text = _text(self._path)
        return json.loads(text) if text else None

    def _fault(self) -> str | None:
        found = re.match("Fatal Python error: (.+)", _text(self._fault_path))
        return found and found[1]

    def _kill(self, kills: float) -> str | None:
        large = self.most_memory * 1e6 > LEAST_PART_KILLED * _memory()
        # The file is gone where the process itself came to its end, as after SIGTERM.
        killed = large and self._fault_path.exists() and _kills() > kills
        return "killed by the system for its memory" if killed else None

    def _keep_noting(self) -> None:
        while not self._ended.wait(SECONDS):
            self._note()

    def _note(self) -> None:
        partial = self._path.with_suffix(".spent.part")
        # A full disk is told where the run itself writes.
        with contextlib.suppress(OSError):
            memory = max(self.most_memory, self._memory())
            partial.write_text(json.dumps([self.earlier + self._clock(), memory, _kills()]))
            partial.replace(self._path)


def _memory() -> int:
    """Bytes that this machine has, or allows the container that this process is in."""
    allowed = [int(text) for path in LIMITS if (text := _text(path).strip()).isdigit()]
    return min([psutil.virtual_memory().total, *allowed])


def _kills() -> int:
    """How many processes the system has killed for memory since it started; 0 where unknown."""
    found = re.search(r"^oom_kill (\d+)$", _text(VMSTAT), re.MULTILINE)
    return int(found[1]) if found else 0


def _text(path: Path) -> str:
    """What the file holds; nothing where there is none."""
    return path.read_text() if path.exists() else ""
