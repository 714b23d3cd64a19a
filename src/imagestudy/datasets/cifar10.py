"""CIFAR-10: the official python archive, or the folder that it unpacks to.

Source: A. Krizhevsky, Learning multiple layers of features from tiny images, 2009.
"""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from imagestudy.datasets import pickles
from imagestudy.datasets.archives import read_file, require_file, require_printable, tar_files
from imagestudy.datasets.listing import Entries, Listing, require_every_class
from imagestudy.errors import StudyError
from imagestudy.files import require_md5
from imagestudy.sources import ARCHIVES

FOLDER = "cifar-10-batches-py"
TRAIN = tuple(f"data_batch_{number}" for number in range(1, 6))
FILES = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
    "batches.meta": "5ff9c542aee3614f3951f8cda6e48888",
}
SIDE = 32


def read(path: Path, settings: dict[str, Any]) -> Listing:
    """List the archive: five training batches and a test batch, with their pixels."""
    official = settings["source"] == "official"
    files = _files(path, official)
    names = _load(files.pop("batches.meta"), f"{path}: batches.meta", {b"label_names"})
    classes = [(name, name) for name in _texts(names, b"label_names", f"{path}: batches.meta")]
    train = _join([_entries(files.pop(name), name, path, len(classes)) for name in TRAIN])
    test = _entries(files.pop("test_batch"), "test_batch", path, len(classes))
    listing = Listing(classes, {"train": train, "test": test})
    require_every_class(listing, path)
    return listing


def _files(path: Path, official: bool) -> dict[str, bytes]:
    require_file(path)
    if path.is_dir():
        inner = path / FOLDER
        folder = inner if inner.is_dir() else path
        files = {name: _file(folder / name) for name in FILES}
        for name, expected in FILES.items() if official else ():
            found = hashlib.md5(files[name]).hexdigest()
            if found != expected:
                raise StudyError(
                    f"{folder / name}: its MD5 is {found}; the official file's is {expected}; "
                    "fetch it again"
                )
        return files
    if official:
        require_md5(path, ARCHIVES["cifar10"].md5)
    members = tar_files(path, [f"{FOLDER}/{name}" for name in FILES])
    for name in FILES:
        if f"{FOLDER}/{name}" not in members:
            raise StudyError(f"{path}: {FOLDER}/{name} is not in it; the archive must hold it")
    return {name: members[f"{FOLDER}/{name}"] for name in FILES}


def _file(path: Path) -> bytes:
    if not path.is_file():
        raise StudyError(f"{path}: there is no such file; the folder must hold {', '.join(FILES)}")
    return read_file(path, path)


def _entries(data: bytes, name: str, path: Path, classes: int) -> Entries:
    where = f"{path}: {name}"
    batch = _load(data, where, {b"data", b"labels", b"filenames"})
    pixels = batch[b"data"]
    labels = np.asarray(_list(batch, b"labels", int, "whole numbers", where), np.int32)
    sources = [f"{name}/{file}" for file in _texts(batch, b"filenames", where)]
    shape = (len(labels), 3 * SIDE * SIDE)
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8 or pixels.shape != shape:
        raise StudyError(
            f"{where}: its data must be an array of bytes, {shape[0]} rows of {shape[1]}; "
            f"received: {getattr(pixels, 'dtype', type(pixels).__name__)} "
            f"{getattr(pixels, 'shape', '')}"
        )
    if len(labels) and not 0 <= labels.min() <= labels.max() < classes:
        raise StudyError(
            f"{where}: labels run from {labels.min()} to {labels.max()}; "
            f"batches.meta names {classes} classes, so 0 to {classes - 1} are right"
        )
    if len(sources) != len(labels):
        raise StudyError(
            f"{where}: {len(sources)} filenames for {len(labels)} labels; there must be as many"
        )
    planes = pixels.reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1)
    return Entries(sources, labels, np.full((len(labels), 4), -1, np.int16), planes)


def _join(batches: list[Entries]) -> Entries:
    return Entries(
        [source for batch in batches for source in batch.sources],
        np.concatenate([batch.labels for batch in batches]),
        np.concatenate([batch.boxes for batch in batches]),
        np.concatenate([batch.pixels for batch in batches]),
    )


def _load(data: bytes, where: str, keys: set[bytes]) -> dict[bytes, Any]:
    try:
        content = pickles.read(data)
    except StudyError as error:
        raise StudyError(f"{where}: {error}; fetch the official file") from None
    except Exception as error:  # a damaged pickle may raise anything
        raise StudyError(
            f"{where}: not a whole pickle ({type(error).__name__}: {error}); fetch it again"
        ) from None
    if not isinstance(content, dict) or not keys <= content.keys():
        wanted = ", ".join(sorted(key.decode() for key in keys))
        raise StudyError(f"{where}: it must be a dictionary with the keys {wanted}")
    return content


def _list(content: dict[bytes, Any], key: bytes, kind: type, what: str, where: str) -> list[Any]:
    """The list under `key`, all of this kind: one that holds lists may be a bomb."""
    found = content[key]
    if not isinstance(found, list) or any(type(each) is not kind for each in found):
        raise StudyError(f"{where}: its {key.decode()} must be a list of {what}")
    return found


def _texts(content: dict[bytes, Any], key: bytes, where: str) -> list[str]:
    texts = _list(content, key, bytes, "byte strings", where)
    try:
        decoded = [text.decode() for text in texts]
    except UnicodeDecodeError as error:
        raise StudyError(f"{where}: its {key.decode()} are not UTF-8 text ({error})") from None
    for text in decoded:
        require_printable(text, where)
    return decoded
