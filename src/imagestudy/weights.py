"""Weights that a network starts from, and where they come from."""

import zipfile
from pathlib import Path
from typing import Any

from imagestudy.errors import StudyError
from imagestudy.files import require_md5, sha256
from imagestudy.lean import keras
from imagestudy.sources import IMAGENET, IMAGENET_WEIGHTS

LONGEST_REASON = 300


def load_start(
    base: keras.Model, start: str, path: Path, imagenet_md5: str = IMAGENET_WEIGHTS.md5
) -> dict[str, Any]:
    """Give `base` its starting weights and return their provenance.

    `start` is `imagenet` (`path` is Keras's published file without top, whose MD5 is verified) or
    the name of an experiment of this study (`path` is its saved network, which begins with the
    layers of `base`: its weights alone are read, no network is built). Returns `provenance`
    (`imagenet` or `study`), `name` and `digest`, SHA-256 of the file.
    """
    if start == IMAGENET:
        require_md5(path, imagenet_md5)
    try:
        if start != IMAGENET:
            _require_small(path)
        base.load_weights(path)
    except Exception as error:  # a damaged file, or one made to do harm, may raise anything
        reason = " ".join(str(error).split())[:LONGEST_REASON]
        raise StudyError(
            f"{path}: its weights do not fit {base.name} ({type(error).__name__}: {reason}); start "
            "must be the same network, of the same width"
        ) from error
    provenance = IMAGENET if start == IMAGENET else "study"
    return {"provenance": provenance, "name": start, "digest": sha256(path)}


def is_of_no_network(path: Path) -> bool:
    """Whether `path` is what a run saves that ended without a network: an empty file."""
    return path.is_file() and not path.stat().st_size


def _require_small(path: Path) -> None:
    """Refuse a `.keras` file in which something is compressed: Keras compresses nothing."""
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            if entry.compress_type != zipfile.ZIP_STORED:
                raise ValueError(f"{entry.filename[:100]} is compressed, it must not be")
