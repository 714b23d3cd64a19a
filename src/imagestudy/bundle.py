"""A finished study in one file: what it says of itself, and whether it is what was packed."""

import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imagestudy.datasets.archives import LARGEST_FILE, read_entry
from imagestudy.differences import first_difference
from imagestudy.errors import StudyError
from imagestudy.finite import loads
from imagestudy.provenance import digest
from imagestudy.settings import Study, read_yaml
from imagestudy.settings_checks import check_schema
from imagestudy.text import guarded

SCHEMA = 3
LARGEST_BUNDLE = 2 * 1024**3  # bytes, unpacked
# A bundle comes from another person: its names lead to places and commands here.
NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
MANIFEST = "bundle.json"
# What a damaged file makes `zipfile` and `json` raise.
UNREADABLE = (OSError, ValueError, KeyError, RecursionError, RuntimeError, EOFError,
              NotImplementedError, zipfile.BadZipFile, zlib.error)  # fmt: skip
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENVIRONMENT = "requirements.lock"
# Of each data set's pictures only those are packed that figures show.
PICTURES = "pictures.npz"
OF_A_RUN = ("result.json", "history.csv", "predictions.npz")
OF_A_DATASET = ("dataset.json", "train_labels.npy", "selection_labels.npy", "test_labels.npy",
                "boxes.npz", "sources.npz")  # fmt: skip
# What `git describe` says: a commit, or a tag and what came after it.
COMMIT = re.compile(r"[A-Za-z0-9._/-]{1,200}")
PACKED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\+00:00")
# Settings of every training that came later, and what bundles mean that do not say them.
UNSAID = {"shift_test": 0, "threads": "auto"}
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
        return guarded({key: self.manifest[key] for key in ("commit", "packed", "digest")})

    def made_with(self, kind: str, name: str) -> dict[str, Any]:
        """`expected` settings and code (`made_by`) of an experiment's runs or a search's trials."""
        return self.manifest["made_with"][kind][name]


def packed_files(study: Study) -> list[str]:
    """What a bundle has of a study's results: what all is computed from, and nothing large."""
    runs = [run_place(name, seed) for name in study.experiments for seed in study.seeds(name)]
    trials = [
        trial_place(name, seed, number, trial)
        for name, block in study.searches.items()
        for seed in block["seeds"]
        for number in range(1, block["rounds"] + 1)
        for trial in range(1, block["trials_per_round"] + 1)
    ]
    return [
        "development.csv",
        *(f"{run}/{file}" for file in OF_A_RUN for run in runs),
        *(f"{trial}/result.json" for trial in trials),
        *(f"data/{name}/{file}" for name in study.datasets for file in OF_A_DATASET),
    ]


def run_place(experiment: str, seed: int) -> str:
    """The folder of a run under the study's results."""
    return f"runs/{experiment}/seed-{seed}"


def trial_place(search: str, seed: int, number: int, trial: int) -> str:
    """The folder of a trial of round `number` under the study's results."""
    return f"searches/{search}/seed-{seed}/round-{number}/trial-{trial}"


def bundle_of(asked_for: dict[str, Any], schema: Path) -> Bundle | None:
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
    return open_bundle(Path(str(asked_for["bundle"])), schema)


def open_bundle(path: Path, schema: Path) -> Bundle:
    """The bundle at `path`; a `StudyError` where it is none, or its manifest was changed.

    `schema`: where that of `config.yaml` is, which its settings have to fulfil.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _require_small(path, archive)
            manifest = loads(read_entry(archive, MANIFEST))
    except FileNotFoundError:
        raise StudyError(f"bundle is {path}; nothing is there. `make bundle` makes one") from None
    except UNREADABLE as error:
        raise _no_bundle(path, str(error)) from None
    if not isinstance(manifest, dict) or sorted(manifest) != sorted(KEYS):
        raise _no_bundle(path, f"{MANIFEST} must have {', '.join(KEYS)}")
    if manifest["schema"] != SCHEMA:
        raise _no_bundle(path, f"schema is {manifest['schema']!r}, it must be {SCHEMA}")
    _require_origin(path, manifest)
    refused = _refused(manifest["config"], schema)
    content = {key: value for key, value in manifest.items() if key != "digest"}
    if digest(content) != manifest["digest"]:
        changed = _changed_block(manifest) if refused else changed_setting(manifest)
        changed = changed or refused or "its digest is another than was recorded"
        raise StudyError(f"{path}: {MANIFEST} is not what was packed: {changed}")
    if refused:
        raise _no_bundle(path, refused)
    _require_harmless(path, manifest)
    return Bundle(path, manifest)


def _refused(config: Any, schema: Path) -> str | None:
    """What the schema of `config.yaml` does not allow in a config, what is newer taken as said."""
    if isinstance(config, dict) and isinstance(config.get("training"), dict):
        config = config | {"training": UNSAID | config["training"]}
    try:
        check_schema(config, read_yaml(schema))
    except StudyError as error:
        return str(error)
    return None


def _require_origin(path: Path, manifest: dict[str, Any]) -> None:
    commit, packed = manifest["commit"], manifest["packed"]
    if commit is not None and not (isinstance(commit, str) and COMMIT.fullmatch(commit)):
        raise _no_bundle(
            path, f"commit is {ascii(commit)[:100]}, it must be a commit of git or null"
        )
    if not (isinstance(packed, str) and PACKED.fullmatch(packed)):
        raise _no_bundle(
            path,
            f"packed is {ascii(packed)[:100]}, it must be a time such as 2026-01-31T12:00:00+00:00",
        )


def _require_small(path: Path, archive: zipfile.ZipFile) -> None:
    sizes = {each.filename: each.file_size for each in archive.infolist()}
    largest = max(sizes, key=sizes.__getitem__, default=None)
    if largest is not None and sizes[largest] > LARGEST_FILE:
        reason = (
            f"{largest[:100]!r} has {sizes[largest]:,} bytes, at most {LARGEST_FILE:,} are read"
        )
        raise _no_bundle(path, reason)
    odd = next((each for each in archive.infolist() if each.compress_type not in METHODS), None)
    if odd is not None:
        raise _no_bundle(path, f"{odd.filename[:100]!r} is packed in a way that we do not pack")
    if sum(sizes.values()) > LARGEST_BUNDLE:
        raise _no_bundle(path, f"it unpacks to more than {LARGEST_BUNDLE:,} bytes")


def _require_harmless(path: Path, manifest: dict[str, Any]) -> None:
    """Refuse names that are no names, files that are not ours, results made with other settings."""
    try:
        config, files = manifest["config"], manifest["files"]
        own = [config["own"]["name"]] if config["own"] else []
        names = [config["scale"], *own, *config["datasets"]]
        names += [*config["experiments"], *config["searches"]]
        for name in names:
            if not NAME.fullmatch(name):
                reason = f"{name[:100]!r} is no name: small letters, digits and _, at most 60"
                raise _no_bundle(path, reason)
        known = {*packed_files(Study(config)), ENVIRONMENT}
        known |= {f"data/{name}/{PICTURES}" for name in config["datasets"]}
        if not all(isinstance(each, str) for each in files.values()):
            raise TypeError("a digest is no text")
        for differing in sorted(files.keys() ^ known):
            said = "is no file of such a study" if differing in files else "is missing"
            raise _no_bundle(path, f"{differing[:100]!r} {said}")
        kinds = ("experiments", "searches")
        recorded = {kind: sorted(blocks) for kind, blocks in manifest["made_with"].items()}
        if recorded != {kind: sorted(config[kind]) for kind in kinds}:
            raise _no_bundle(path, f"made_with has not the {' and '.join(kinds)} of its config")
        changed = _changed_of_results(manifest)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        reason = f"its settings cannot be read ({type(error).__name__}: {error})"
        raise _no_bundle(path, reason) from None
    if changed:
        raise _no_bundle(path, f"its results were not made with its settings: {changed}")


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
