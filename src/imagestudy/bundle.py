"""A finished study in one file: what it says of itself, and whether it is what was packed."""

import json
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imagestudy.datasets.archives import LARGEST_FILE
from imagestudy.differences import first_difference
from imagestudy.errors import StudyError
from imagestudy.provenance import digest
from imagestudy.settings import Study

SCHEMA = 3
LARGEST_BUNDLE = 2 * 1024**3  # bytes, unpacked
# A bundle comes from another person: its names lead to places and commands here.
NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
PLACE = re.compile(r"(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9_./-]*")
BACKENDS = ("tensorflow", "jax")
MANIFEST = "bundle.json"
KEYS = ("schema", "commit", "packed", "config", "blocks", "made_with", "files", "digest")


@dataclass(frozen=True)
class Bundle:
    """The bundle at `path`; `manifest` is its bundle.json.

    Of the manifest `config` holds the study's settings without paths of a machine, `blocks` the
    digest of each block of it; `made_with` by
    `experiments` or `searches` and by name the settings (`expected`) and the digests of the code
    (`made_by`) of all runs or trials; `files` the SHA-256 of each file by its path under the
    study's results; `digest` the SHA-256 of all the rest.
    """

    path: Path
    manifest: dict[str, Any]

    @property
    def files(self) -> dict[str, str]:
        """SHA-256 of each file, by its path under the study's results."""
        return self.manifest["files"]

    @property
    def study(self) -> Study:
        """The study that was packed."""
        return Study(self.manifest["config"])

    @property
    def origin(self) -> dict[str, Any]:
        """What the report says of it: the `commit` and time (`packed`) of packing, its `digest`."""
        return {key: self.manifest[key] for key in ("commit", "packed", "digest")}

    def made_with(self, kind: str, name: str) -> dict[str, Any]:
        """`expected` settings and code (`made_by`) of an experiment's runs or a search's trials."""
        return self.manifest["made_with"][kind][name]


def bundle_of(asked_for: dict[str, Any]) -> Bundle | None:
    """The bundle that a command line's settings name; None where they name none.

    A bundle brings all its settings with it: whatever else is asked for is refused.
    """
    if not asked_for.get("bundle"):
        return None
    others = sorted(asked_for.keys() - {"bundle"})
    if others:
        raise StudyError(
            f"{others[0]} is given beside bundle; a bundle has settings of its own, and only they "
            f"fit its results: leave {', '.join(others)} out"
        )
    return open_bundle(Path(asked_for["bundle"]))


def open_bundle(path: Path) -> Bundle:
    """The bundle at `path`; a `StudyError` where it is none, or its manifest was changed."""
    try:
        with zipfile.ZipFile(path) as archive:
            _require_small(path, archive)
            manifest = json.loads(archive.read(MANIFEST))
    except FileNotFoundError:
        raise StudyError(f"bundle is {path}; nothing is there. `make bundle` makes one") from None
    except (OSError, ValueError, KeyError, RecursionError, zipfile.BadZipFile) as error:
        raise _no_bundle(path, str(error)) from None
    if not isinstance(manifest, dict) or sorted(manifest) != sorted(KEYS):
        raise _no_bundle(path, f"{MANIFEST} must have {', '.join(KEYS)}")
    if manifest["schema"] != SCHEMA:
        raise _no_bundle(path, f"schema is {manifest['schema']!r}, it must be {SCHEMA}")
    content = {key: value for key, value in manifest.items() if key != "digest"}
    if digest(content) != manifest["digest"]:
        changed = changed_setting(manifest) or "its digest is another than was recorded"
        raise StudyError(f"{path}: {MANIFEST} is not what was packed: {changed}")
    _require_harmless(path, manifest)
    return Bundle(path, manifest)


def _require_small(path: Path, archive: zipfile.ZipFile) -> None:
    sizes = {each.filename: each.file_size for each in archive.infolist()}
    largest = max(sizes, key=sizes.__getitem__, default=None)
    if largest is not None and sizes[largest] > LARGEST_FILE:
        reason = (
            f"{largest[:100]!r} has {sizes[largest]:,} bytes, at most {LARGEST_FILE:,} are read"
        )
        raise _no_bundle(path, reason)
    if sum(sizes.values()) > LARGEST_BUNDLE:
        raise _no_bundle(path, f"it unpacks to more than {LARGEST_BUNDLE:,} bytes")


def _require_harmless(path: Path, manifest: dict[str, Any]) -> None:
    """Refuse settings that cannot be read, and names that are no names."""
    try:
        config, files = manifest["config"], manifest["files"]
        all_settings(Study(config))
        own = [config["own"]["name"]] if config["own"] else []
        names = [config["scale"], *own, *config["datasets"]]
        names += [*config["experiments"], *config["searches"]]
        backend, places = config["backend"], list(files)
        if not all(isinstance(each, str) for each in (*names, *files.values())):
            raise TypeError("a name is no text")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        reason = f"its settings cannot be read ({type(error).__name__}: {error})"
        raise _no_bundle(path, reason) from None
    for name in names:
        if not NAME.fullmatch(name):
            reason = f"{name[:100]!r} is no name: small letters, digits and _, at most 60"
            raise _no_bundle(path, reason)
    if backend not in BACKENDS:
        raise _no_bundle(path, f"backend is {backend!r}, it must be one of {', '.join(BACKENDS)}")
    for place in places:
        if not PLACE.fullmatch(place):
            raise _no_bundle(path, f"{place[:100]!r} is no place among the study's results")


def changed_setting(manifest: dict[str, Any]) -> str | None:
    """Where the settings of the config are not those that were recorded; or None."""
    try:
        return _changed_of_results(manifest) or _changed_block(manifest)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        unreadable = f"the settings cannot be read ({type(error).__name__}: {error})"
        return _changed_block(manifest) or unreadable


def _changed_of_results(manifest: dict[str, Any]) -> str | None:
    """The setting of a run or a trial that is another than its result was made with; or None."""
    settings = all_settings(Study(manifest["config"]))
    for kind, blocks in manifest["made_with"].items():
        for name, recorded in blocks.items():
            for found, expected in zip(settings[kind][name], recorded["expected"], strict=True):
                difference = first_difference(found, expected)
                if difference:
                    return f"{kind}.{name}{difference}"
    return None


def _changed_block(manifest: dict[str, Any]) -> str | None:
    """The block of the config that is another than was recorded; or None."""
    if not all(isinstance(manifest[key], dict) for key in ("config", "blocks")):
        return None
    found, recorded = block_digests(manifest["config"]), manifest["blocks"]
    names = sorted(found.keys() | recorded.keys())
    changed = next((name for name in names if found.get(name) != recorded.get(name)), None)
    return changed and f"{changed} in its config is another than was recorded"


def block_digests(config: dict[str, Any]) -> dict[str, str]:
    """The digest of each block of a config, by its name."""
    return {key: digest(value) for key, value in config.items()}


def all_settings(study: Study) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """The settings of all runs and trials, by `experiments` or `searches` and by name."""
    return {
        "experiments": {name: study.all_run_settings(name) for name in study.experiments},
        "searches": {name: study.all_trial_settings(name) for name in study.searches},
    }


def _no_bundle(path: Path, reason: str) -> StudyError:
    return StudyError(
        f"{path} is no bundle of this version of the study ({reason}); `make bundle` makes one"
    )
