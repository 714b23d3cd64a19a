"""Whether files are there, and their checksums."""

import hashlib
from pathlib import Path

from imagestudy.errors import StudyError


def is_there(path: Path) -> bool:
    """Whether something is at `path`; nothing is where it cannot be looked for."""
    try:
        path.stat()
    except OSError:
        return False
    return True


def sha256(path: Path) -> str:
    """SHA-256 of the file at `path`, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def require_md5(path: Path, expected: str) -> None:
    """Refuse a file with another MD5 than the official one."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "md5").hexdigest()
    if found != expected:
        raise StudyError(
            f"{path}: its MD5 is {found}; the official file's is {expected}. Delete it, then fetch "
            "it again; pictures of your own are read with format folder or csv"
        )
