"""A finished study packed into one file, and unpacked from it."""

import hashlib
import io
import json
import shutil
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from imagestudy import provenance
from imagestudy.arrays import read_arrays
from imagestudy.bundle import (
    MANIFEST,
    PICTURES,
    SCHEMA,
    UNREADABLE,
    Bundle,
    block_digests,
    run_place,
    trial_place,
)
from imagestudy.data import SPLITS
from imagestudy.datasets.archives import read_entry
from imagestudy.differences import first_difference
from imagestudy.errors import StudyError
from imagestudy.figures.frames import shown_rows
from imagestudy.finite import loads
from imagestudy.fitting import require_fitting
from imagestudy.results import CONTRACTS, read_json, require_contract
from imagestudy.verification import metric_differences

# Equal content makes an equal archive.
TIME = (1980, 1, 1, 0, 0, 0)


def pack(
    path: Path,
    folder: Path,
    files: Iterable[Path],
    datasets: Iterable[Path],
    examination: Path,
    environment: Path,
    study: dict[str, Any],
) -> None:
    """Write the bundle `path` of the results in `folder`.

    `files` lie under `folder`. `datasets` are folders of prepared data there, of which the pictures
    that figures show are packed too; `examination` tells which. `environment` is the list of
    packages that the study was made with. `study` has the manifest's `config` and `made_with`.
    """
    content = {str(file.relative_to(folder)): file.read_bytes() for file in sorted(files)}
    content[environment.name] = environment.read_bytes()
    examined = read_json(examination)["datasets"]
    for data in datasets:
        shown = _shown_pictures(data, examined.get(data.name))
        content[str(data.relative_to(folder) / PICTURES)] = shown
    manifest = {
        "schema": SCHEMA,
        "commit": provenance.commit(),
        "packed": provenance.now(),
        **study,
        "blocks": block_digests(study["config"]),
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in content.items()},
    }
    manifest["digest"] = provenance.digest(manifest)
    text = json.dumps(manifest, indent=1)
    partial = path.with_name(path.name + ".part")
    with zipfile.ZipFile(partial, "w") as archive:
        for name, data in [(MANIFEST, text.encode()), *content.items()]:
            entry = zipfile.ZipInfo(name, TIME)
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED, compresslevel=9)
    partial.replace(path)


def _shown_pictures(folder: Path, examined: dict[str, Any] | None) -> bytes:
    """For each split the rows that figures show and their pictures, as an npz file."""
    arrays = {}
    for split, rows in shown_rows(folder, examined).items():
        images = np.load(folder / f"{split}_images.npy", mmap_mode="r")
        arrays |= {f"{split}_rows": rows, f"{split}_images": images[rows]}
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def unpack(bundle: Bundle, folder: Path) -> None:
    """Write the bundle's files under `folder`, and each data set's arrays of pictures.

    Raises a `StudyError` that names each file that is not what was packed.
    """
    with zipfile.ZipFile(bundle.path) as archive:
        content = {name: _read(archive, name) for name in bundle.files}
        unknown = sorted(set(archive.namelist()) - bundle.files.keys() - {MANIFEST})
    changed = [
        f"{name}: {_explained(bundle, name, content)}"
        for name, expected in bundle.files.items()
        if content[name] is None or hashlib.sha256(content[name]).hexdigest() != expected
    ] + [f"{name}: it was not packed" for name in unknown]
    if changed:
        raise StudyError("\n  ".join([f"{bundle.path} is not what was packed:", *changed]))
    for name, data in content.items():
        if Path(name).name in CONTRACTS:
            require_contract(Path(name), _json(name, data))
    # Of another bundle of this scale, which may have had other experiments and searches.
    for before in ("runs", "searches", "experiments"):
        shutil.rmtree(folder / before, ignore_errors=True)
    for name, data in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
        if Path(name).name == PICTURES:
            _write_arrays((folder / name).parent)
    require_fitting(bundle.study, folder)


def _read(archive: zipfile.ZipFile, name: str) -> bytes | None:
    """The content of a file; None where it is not there, or damaged."""
    try:
        return read_entry(archive, name)
    except UNREADABLE:
        return None


def _json(name: str, data: bytes) -> Any:
    try:
        return loads(data)
    except (ValueError, RecursionError) as error:
        raise StudyError(f"{name} is not JSON ({error}); pack the study again") from None


def _explained(bundle: Bundle, name: str, content: dict[str, bytes | None]) -> str:
    """What of a file was changed, as far as it can be told."""
    data = content[name]
    if data is None:
        return "it is missing or damaged"
    found = []
    try:
        if name in _expected(bundle):
            changed = first_difference(json.loads(data)["settings"], _expected(bundle)[name])
            found = [f"settings{changed}"] if changed else []
        elif Path(name).name == "predictions.npz":
            result = json.loads(content[str(Path(name).with_name("result.json"))])
            found = metric_differences(io.BytesIO(data), result)
    except (StudyError, ValueError, KeyError, TypeError):
        found = []
    return ", ".join(found) or "its content is another"


def _expected(bundle: Bundle) -> dict[str, dict[str, Any]]:
    """The settings of each run's and trial's result, by its path."""
    return {
        result_path(settings): settings
        for blocks in bundle.manifest["made_with"].values()
        for recorded in blocks.values()
        for settings in recorded["expected"]
    }


def result_path(settings: dict[str, Any]) -> str:
    """Where the result of these settings lies under the study's results."""
    of = settings["name"], settings["seed"]
    if "trial" not in settings:
        return f"{run_place(*of)}/result.json"
    return f"{trial_place(*of, settings['round'], settings['trial'])}/result.json"


def _write_arrays(folder: Path) -> None:
    """All arrays of pictures of a data set; those that no figure shows are black.

    They have the right shapes, so that figures find what they show in its place. On disk the black
    ones take no room.
    """
    data = read_json(folder / "dataset.json")
    sizes = {name: data["splits"][name]["pictures"] for name in SPLITS}
    try:
        shown = read_arrays(folder / PICTURES)
        for split, pictures in (sizes | {"unlabelled": data["unlabelled"]}).items():
            shape = (pictures, data["image_size"], data["image_size"], 3)
            path = folder / f"{split}_images.npy"
            if not pictures:
                # An empty file cannot be mapped into memory.
                np.save(path, np.zeros(shape, np.uint8))
                continue
            images = np.lib.format.open_memmap(path, "w+", np.uint8, shape)
            if f"{split}_rows" in shown:
                images[shown[f"{split}_rows"]] = shown[f"{split}_images"]
            images.flush()
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        reason = f"{folder / PICTURES} cannot be read ({error}); pack the study again"
        raise StudyError(reason) from None
