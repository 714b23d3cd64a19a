"""The arrays of an npz file, whoever made it: only what lies there uncompressed is read."""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import numpy as np


def read_arrays(
    file: Path | IO[bytes], names: Sequence[str] | None = None
) -> dict[str, np.ndarray]:
    """The arrays of these `names`, or all; a `ValueError` says why it cannot be.

    They take no more memory than the file has bytes.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            wanted = archive.namelist() if names is None else [f"{name}.npy" for name in names]
            return {name.removesuffix(".npy"): _read(archive, name) for name in wanted}
    except Exception as error:  # a damaged file may raise anything
        raise ValueError(getattr(error, "strerror", None) or str(error)) from None


def _read(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    entry = archive.getinfo(name)
    if entry.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{name} is compressed, it must be as numpy.savez writes it")
    with archive.open(entry) as stored:
        array = np.lib.format.read_array(io.BufferedReader(stored), allow_pickle=False)
    if array.size and not array.itemsize:
        raise ValueError(f"{name} has elements without content")
    return array
