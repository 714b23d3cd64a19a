"""Folders and zip files read alike, and archives checked before they are trusted."""

import functools
import gzip
import io
import os
import stat
import tarfile
import unicodedata
import zipfile
from collections.abc import Collection
from pathlib import Path, PurePosixPath

from imagestudy.errors import StudyError

# ASSUME: no picture or text of a data set is larger; what claims to be is a bomb.
LARGEST_FILE = 256 * 1024 * 1024
# What a tar archive may unpack to; CIFAR-10 takes 178 MB.
LARGEST_TAR = 512 * 1024 * 1024
# The others unpack a few kilobytes to gigabytes in one step.
COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class Place:
    """A folder or a zip file whose files are read by name, relative to `prefix`."""

    def __init__(self, path: Path, prefix: str = ""):
        self.path = path
        self.prefix = prefix

    def names(self) -> list[str]:
        """All files below the prefix, sorted; hidden files are left out."""
        start = len(self.prefix)
        found = (name[start:] for name in self._all_names if name.startswith(self.prefix))
        return sorted(name for name in found if not _hidden(name))

    def below(self, marker: str) -> "Place":
        """This place, or the one folder in it, whichever holds the file `marker`."""
        tops = [name for name in self._all_names if f"/{name}".endswith(f"/{marker}")]
        tops = [name for name in tops if name.count("/") <= 1 and not _hidden(name)]
        if not tops:
            raise StudyError(f"{self.path}: there is no {marker} in it; it must hold one")
        shortest = min(tops, key=lambda name: name.count("/"))
        return type(self)(self.path, shortest[: len(shortest) - len(marker)])

    def text(self, name: str) -> str:
        """The file `name` as text."""
        try:
            return self.read(name).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise StudyError(f"{self.path}: {name} is not UTF-8 text ({error})") from None

    def read(self, name: str) -> bytes:
        """The bytes of the file `name`."""
        raise NotImplementedError

    @property
    def _all_names(self) -> list[str]:
        raise NotImplementedError


class Folder(Place):
    """Files in a folder."""

    def read(self, name: str) -> bytes:
        """The bytes of the file `name`."""
        return read_file(f"{self.path}/{self.prefix}{name}", f"{self.path}: {name}")

    @functools.cached_property
    def _all_names(self) -> list[str]:
        found = []
        root = str(self.path)
        for folder, folders, files in os.walk(root, onerror=self._unreadable):
            for each in folders:
                where = Path(folder, each)
                if where.is_symlink():
                    raise StudyError(
                        f"{where} is a link to a folder, which is not followed: it could lead "
                        "anywhere, and in circles; put the folder itself there"
                    )
            inner = PurePosixPath(os.path.relpath(folder, root)).as_posix()
            start = "" if inner == "." else f"{inner}/"
            found += [start + file for file in files]
        for name in found:
            require_printable(name, self.path)
        return found

    def _unreadable(self, error: OSError) -> None:
        raise StudyError(
            f"{error.filename} cannot be read ({error.strerror}); its pictures would be missing: "
            "change its permissions, or take it out"
        )


class Zip(Place):
    """Files in a zip file; entries that leave it, links and bombs are refused."""

    @functools.cached_property
    def _zip(self) -> zipfile.ZipFile:
        try:
            return zipfile.ZipFile(self.path)
        except Exception as error:  # a damaged archive may raise anything
            raise StudyError(
                f"{self.path}: not a whole zip file ({error}); delete it, then fetch it again"
            ) from None

    def read(self, name: str) -> bytes:
        """The bytes of the file `name`, its checksum verified."""
        try:
            return read_entry(self._zip, self.prefix + name)
        except KeyError:
            raise StudyError(f"{self.path}: {name} is not in it; it must hold one") from None
        except Exception as error:  # a damaged archive may raise anything
            raise StudyError(
                f"{self.path}: {name} cannot be read ({error}); the archive is damaged: "
                "delete it, then fetch it again"
            ) from None

    @functools.cached_property
    def _all_names(self) -> list[str]:
        found = set()
        for info in self._zip.infolist():
            name = info.filename
            require_inside(name, self.path)
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise StudyError(f"{self.path}: {name} is {_kind(kind)}; only files are read")
            if info.file_size > LARGEST_FILE:
                raise _too_large(f"{self.path}: {name}", info.file_size)
            if info.compress_type not in COMPRESSIONS:
                raise StudyError(
                    f"{self.path}: {name} is compressed by method {info.compress_type}; "
                    "only stored and deflated files are read"
                )
            if name in found:
                raise StudyError(
                    f"{self.path}: {name} is in it twice; each name must be there once"
                )
            found.add(name)
        return [info.filename for info in self._zip.infolist() if not info.is_dir()]


def open_place(path: Path) -> Place:
    """The folder or zip file at `path`."""
    if path.is_dir():
        place: Place = Folder(path)
        if not place.names():
            raise StudyError(f"{path}: the folder is empty; it must hold the pictures")
        return place
    require_file(path)
    return Zip(path)


def tar_files(path: Path, names: Collection[str]) -> dict[str, bytes]:
    """Those of the files `names` that a gzipped tar archive holds; nothing is written to disk."""
    require_file(path)
    found: dict[str, bytes] = {}
    try:
        with gzip.open(path) as packed:
            unpacked = packed.read(LARGEST_TAR + 1)
        if len(unpacked) > LARGEST_TAR:
            raise StudyError(f"{path} unpacks to more than {LARGEST_TAR:,} bytes; so many are read")
        with tarfile.open(fileobj=io.BytesIO(unpacked), mode="r:") as archive:
            for member in archive:
                require_inside(member.name, path)
                if member.isdir():
                    continue
                # A sparse file is larger than what the archive has of it.
                if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or member.issparse():
                    kind = "a link" if member.issym() or member.islnk() else "no ordinary file"
                    raise StudyError(f"{path}: {member.name} is {kind}; only files are read")
                if member.size > LARGEST_FILE:
                    raise _too_large(f"{path}: {member.name}", member.size)
                if member.name in found:
                    raise _twice(member.name, path)
                if member.name in names:
                    found[member.name] = archive.extractfile(member).read()
    except StudyError:
        raise
    except Exception as error:  # a damaged archive may raise anything
        raise StudyError(
            f"{path}: not a whole tar.gz file ({error}); delete it, then fetch it again"
        ) from None
    return found


def read_entry(archive: zipfile.ZipFile, name: str) -> bytes:
    """The bytes of a file in a zip archive: no more than the size that it says, which may be a lie.

    Without a size `zipfile` unpacks all there is before it compares.
    """
    entry = archive.getinfo(name)
    with archive.open(entry) as packed:
        return packed.read(entry.file_size + 1)


def read_file(path: Path | str, where: Path | str) -> bytes:
    """The bytes of an ordinary file, or of what a link leads to; `where` names it in messages."""
    try:
        status = Path(path).stat()
        # A pipe would be waited for, and a device never ends.
        if not stat.S_ISREG(status.st_mode):
            kind = _kind(stat.S_IFMT(status.st_mode))
            raise StudyError(f"{where} is {kind}; only files are read")
        if status.st_size > LARGEST_FILE:
            raise _too_large(where, status.st_size)
        with Path(path).open("rb", buffering=0) as file:
            return file.read()
    except OSError as error:
        raise StudyError(
            f"{where} cannot be read ({error.strerror}); it must be there, and readable for you"
        ) from None


def require_file(path: Path) -> None:
    """Refuse a path at which there is no file or folder."""
    if not (path.is_file() or path.is_dir()):
        raise StudyError(
            f"{path}: there is no such archive or folder; fetch it or correct the path"
        )


def require_inside(name: str, path: Path) -> None:
    """Refuse a name that would leave the archive, or could not be shown."""
    require_printable(name, path)
    if name.startswith("/") or "\\" in name or ".." in name.split("/") or name[1:2] == ":":
        raise StudyError(f"{path}: entry '{name}' points outside the archive; names must be inside")


def require_printable(name: str, path: Path | str) -> None:
    """Refuse a name with a line's end, another control character, or what is no UTF-8."""
    if not name.isprintable() and any(unicodedata.category(each) in ("Cc", "Cs") for each in name):
        raise StudyError(
            f"{path}: the name {ascii(name)} has a control character or is no UTF-8; rename it"
        )


def _twice(name: str, path: Path) -> StudyError:
    return StudyError(f"{path}: {name} is in it twice; each name must be there once")


def _too_large(where: Path | str, size: int) -> StudyError:
    return StudyError(f"{where} would unpack to {size:,} bytes; at most {LARGEST_FILE:,} are read")


def _kind(mode: int) -> str:
    """What a type of a file is called."""
    return {stat.S_IFLNK: "a link", stat.S_IFDIR: "a folder"}.get(mode, "a device or a pipe")


def _hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in name.split("/"))
