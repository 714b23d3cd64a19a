"""Disks that are full or may not be written, said in words."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

from imagestudy.errors import StudyError

# Numbers of errors, and their words: libraries written in C tell the words alone.
FULL = {errno.ENOSPC, errno.EDQUOT}
FULL_WORDS = ("No space left on device", "Disk quota exceeded")
FORBIDDEN = {errno.EROFS, errno.EACCES, errno.EPERM}
FORBIDDEN_WORDS = ("Read-only file system",)


def is_of_disk(error: BaseException) -> bool:
    """Whether `error` says that a disk is full or may not be written."""
    return explained(error) is not None


def explained(error: BaseException) -> str | None:
    """What happened to which file, and what would help; None for any other error."""
    for each in _chain(error):
        if _says(each, FULL, FULL_WORDS):
            reason = "cannot be written: its disk is full, or your share of it: make room"
        elif _says(each, FORBIDDEN, FORBIDDEN_WORDS):
            reason = "cannot be opened: its permissions or a read-only disk forbid it: change that"
        else:
            continue
        name = getattr(each, "filename", None) or "a file of the study"
        return f"{name} {reason}, and give the same command again; what was finished is kept"
    return None


def _says(error: BaseException, numbers: set[int], words: tuple[str, ...]) -> bool:
    if not isinstance(error, OSError | RuntimeError):
        return False
    return getattr(error, "errno", None) in numbers or any(each in str(error) for each in words)


def require_writable(path: Path) -> None:
    """Refuse a folder, there or to be made, in which nothing can be written."""
    whole = (path.absolute(), *path.absolute().parents)
    there = next(each for each in whole if os.path.lexists(each))
    if not there.is_dir():
        raise StudyError(
            f"{there} is no folder, or a link to one that is not there; the study writes in it: "
            "move it away, or see that its disk is mounted"
        )
    if not os.access(there, os.W_OK):
        raise StudyError(
            f"{there} cannot be written: its folder or file system is read-only for you; make it "
            "writable, or work in a copy of the study elsewhere"
        )


def reserve(path: Path) -> None:
    """Take the room that the file at `path` may need on its disk, or raise that the disk is full.

    A file that is mapped into memory without it kills the process once its disk is full.
    """
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
