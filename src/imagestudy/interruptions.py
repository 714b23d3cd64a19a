"""Being asked to end: SIGTERM (a scheduler, a shutdown) and SIGINT (Ctrl-C)."""

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class InterruptedBySignal(Exception):  # noqa: N818 - not an error
    """The process was asked to end."""

    @property
    def exit_status(self) -> int:
        """What a shell shows for a process that the signal ended."""
        return 128 + self.args[0]


@contextlib.contextmanager
def noticed() -> Iterator[Callable[[], None]]:
    """Within it those signals end nothing; the function given raises once one has come.

    What held before holds again afterwards, and hears of a signal that nobody asked about. To be
    entered in the main thread.
    """
    came: list[int] = []

    def notice(number: int, frame: FrameType | None) -> None:
        came.append(number)

    def check() -> None:
        if came:
            raise InterruptedBySignal(came[0])

    before = {each: signal.signal(each, notice) for each in SIGNALS}
    try:
        yield check
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
    if came:
        os.kill(os.getpid(), came[0])
