"""Folders and zip files read alike, and archives checked before they are trusted."""

import functools
import os
import stat
import tarfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from imagestudy.errors import StudyError

# ASSUME: no picture or text of a data set is larger; what claims to be is a bomb.
LARGEST_FILE = 256 * 1024 * 1024


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
        try:
            with Path(f"{self.path}/{self.prefix}{name}").open("rb", buffering=0) as file:
                return file.read()
        except OSError as error:
            raise StudyError(f"{self.path}: {name} cannot be read: {error.strerror}") from None

    @functools.cached_property
    def _all_names(self) -> list[str]:
        found = []
        root = str(self.path)
        for folder, _, files in os.walk(root):
            inner = PurePosixPath(os.path.relpath(folder, root)).as_posix()
            start = "" if inner == "." else f"{inner}/"
            found += [start + file for file in files]
        return found


class Zip(Place):
    """Files in a zip file; entries that leave it, links and bombs are refused."""

    @functools.cached_property
    def _zip(self) -> zipfile.ZipFile:
        try:
            return zipfile.ZipFile(self.path)
        except (zipfile.BadZipFile, EOFError, OSError) as error:
            raise StudyError(
                f"{self.path}: not a whole zip file ({error}); delete it, then fetch it again"
            ) from None

    def read(self, name: str) -> bytes:
        """The bytes of the file `name`, its checksum verified."""
        try:
            return self._zip.read(self.prefix + name)
        except KeyError:
            raise StudyError(f"{self.path}: {name} is not in it") from None
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
            raise StudyError(
                f"{self.path}: {name} cannot be read ({error}); the archive is damaged: "
                "delete it, then fetch it again"
            ) from None

    @functools.cached_property
    def _all_names(self) -> list[str]:
        for info in self._zip.infolist():
            require_inside(info.filename, self.path)
            if stat.S_ISLNK(info.external_attr >> 16):
                raise StudyError(f"{self.path}: {info.filename} is a link; only files are read")
            if info.file_size > LARGEST_FILE:
                raise StudyError(
                    f"{self.path}: {info.filename} would unpack to {info.file_size:,} bytes; "
                    f"at most {LARGEST_FILE:,} are read"
                )
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


def tar_files(path: Path) -> dict[str, bytes]:
    """The regular files of a gzipped tar archive, by name; nothing is written to disk."""
    require_file(path)
    found = {}
    try:
        with tarfile.open(path, "r:gz") as archive:
            for member in archive:
                require_inside(member.name, path)
                if member.isdir():
                    continue
                if not member.isreg():
                    raise StudyError(f"{path}: {member.name} is a link; only files are read")
                if member.size > LARGEST_FILE:
                    raise StudyError(
                        f"{path}: {member.name} would unpack to {member.size:,} bytes; "
                        f"at most {LARGEST_FILE:,} are read"
                    )
                found[member.name] = archive.extractfile(member).read()
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise StudyError(
            f"{path}: not a whole tar.gz file ({error}); delete it, then fetch it again"
        ) from None
    return found


def require_file(path: Path) -> None:
    """Refuse a path at which there is no file."""
    if not path.exists():
        raise StudyError(
            f"{path}: there is no such archive or folder; fetch it or correct the path"
        )


def require_inside(name: str, path: Path) -> None:
    """Refuse a name that would leave the archive."""
    if name.startswith("/") or "\\" in name or ".." in name.split("/") or name[1:2] == ":":
        raise StudyError(f"{path}: entry '{name}' points outside the archive; names must be inside")


def _hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in name.split("/"))
