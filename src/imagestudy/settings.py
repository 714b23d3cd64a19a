"""The study's settings: config.yaml, a scale over it, what was asked for over both; checked."""

import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from imagestudy.errors import StudyError
from imagestudy.families import check_families, families
from imagestudy.files import is_there
from imagestudy.merging import merged, without_left_out
from imagestudy.origins import COMMAND, CONFIG, told
from imagestudy.own_pictures import on_own_pictures
from imagestudy.plain import require_plain
from imagestudy.search.declaration import DEVELOPS
from imagestudy.search.trials import RECIPE
from imagestudy.settings_checks import check, check_schema
from imagestudy.sources import ARCHIVES, IMAGENET, IMAGENET_WEIGHTS, SCRATCH, in_data_root
from imagestudy.text import guarded

# Safe, and written in C where PyYAML has that: every dry run waits for it. That one ends without a
# word where brackets or dashes lie too deep in each other, so many of them are left to Python's.
# 1e-3 is a number for everyone but YAML 1.1, which wants 1.0e-3.
EXPONENT = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+")
OPENING = ("[", "{", "- ", "? ")
MOST_OPENING = 5000
DATASET_DEFAULTS = {"train_pictures_per_class": None, "test_pictures_per_class": None}
DATASET_LABELS = ("title", "generate", "path")
# What a run starts from that searches by itself: which weights, it finds out.
OWN_SEARCH = "own search"
DECLARED = ("candidates", "network", "space")
BUDGET = ("rounds", "trials_per_round", "device_seconds")


@dataclass(frozen=True)
class Study:
    """All settings, as plain dictionaries; every experiment, search and data set by name."""

    config: dict[str, Any]
    # By where they were given, the settings that these were made of.
    layers: dict[str, dict[str, Any]] = field(default_factory=dict, repr=False)

    @classmethod
    def load(cls, folder: Path, overrides: dict[str, Any]) -> "Study":
        """Read the study in `folder`; `overrides` is laid over its config and scale.

        Raises a `StudyError` for anything that the schema refuses or that does not fit together.
        """
        require_plain(overrides, "what was asked for over config.yaml")
        overrides = typed(overrides)
        known = read_yaml(folder / CONFIG)
        scale = overrides.get("scale", known.get("scale"))
        scales = sorted(path.stem for path in (folder / "scales").glob("*.yaml"))
        if scale not in scales:
            raise StudyError(f"scale is {scale!r}; it must be one of {', '.join(scales)}")
        of_scale = f"scales/{scale}.yaml"
        layers = {CONFIG: known, of_scale: read_yaml(folder / of_scale), COMMAND: overrides}
        everything = merged(known, merged(layers[of_scale], overrides))
        config = without_left_out(everything, known, layers[of_scale]) | {"scale": scale}
        schema = read_yaml(folder / "config.schema.yaml")
        scripts = {path.stem for path in (folder / "scripts" / "experiments").glob("*.py")}
        with told(layers):
            check_schema(config, schema)
            if config["own"]:
                config = on_own_pictures(config)
            check(config, scripts)
            check_families(config, everything["experiments"])
        return cls(config, layers)

    @property
    def scale(self) -> str:
        """The scale asked for."""
        return self.config["scale"]

    @property
    def folder(self) -> str:
        """The name of the folder of its results: the scale, and of own pictures their name."""
        own = self.config["own"]
        return f"{self.scale}-{own['name']}" if own else self.scale

    @property
    def experiments(self) -> dict[str, dict[str, Any]]:
        """The experiments' blocks of the config, by name, in order."""
        return self.config["experiments"]

    @property
    def searches(self) -> dict[str, dict[str, Any]]:
        """The searches' blocks of the config, by name, in order."""
        return self.config["searches"]

    @property
    def datasets(self) -> dict[str, dict[str, Any]]:
        """The data sets that an experiment or a search uses, by name."""
        used = {each["dataset"] for each in (*self.experiments.values(), *self.searches.values())}
        return {name: block for name, block in self.config["datasets"].items() if name in used}

    def source_kind(self, dataset: str) -> str:
        """Where a data set comes from: `own`, `data_root`, `generated` or `download`."""
        block = self.config["datasets"][dataset]
        if block["format"] not in ARCHIVES:
            return "own"
        if self.config["data_root"]:
            return "data_root"
        return "generated" if "generate" in block else "download"

    def source(self, dataset: str) -> str:
        """The path of a data set's archive or folder, there already or made by a rule."""
        block = self.config["datasets"][dataset]
        kind = self.source_kind(dataset)
        if kind == "own":
            path = _expanded(block["path"], self._path_key(dataset))
            if not is_there(path):
                raise StudyError(
                    f"config.yaml: {self._path_key(dataset)} is {block['path']!r}; nothing is "
                    "there, it must be a folder or an archive"
                )
            return str(path)
        official = ARCHIVES[block["format"]]
        if kind == "data_root":
            return str(in_data_root(official, self._data_root))
        if kind == "generated":
            return f"resources/{self.scale}/{dataset}/{official.file}"
        return f"resources/{official.file}"

    def _path_key(self, dataset: str) -> str:
        return "own.path" if self.config["own"] else f"datasets.{dataset}.path"

    @property
    def _data_root(self) -> Path:
        return _expanded(self.config["data_root"], "data_root")

    def own_files(self, dataset: str) -> dict[str, int]:
        """Number, bytes and latest change of the files of own data; nothing for official ones.

        A folder's own time of change does not tell when a file deep in it was edited.
        """
        if self.source_kind(dataset) != "own":
            return {}
        try:
            files = [each for each in Path(self.source(dataset)).rglob("*") if each.is_file()]
            stats = [each.stat() for each in files]
        except OSError as error:
            raise StudyError(
                f"config.yaml: {self._path_key(dataset)} is {self.source(dataset)!r}; "
                f"{error.filename} in it cannot be read ({error.strerror}): change its permissions"
            ) from None
        return {
            "files": len(stats),
            "bytes": sum(stat.st_size for stat in stats),
            "changed": max((stat.st_mtime_ns for stat in stats), default=0),
        }

    def imagenet_weights(self) -> str:
        """The path of VGG-16's published weights."""
        if self.config["data_root"]:
            return str(in_data_root(IMAGENET_WEIGHTS, self._data_root))
        return f"resources/{IMAGENET_WEIGHTS.file}"

    @property
    def development(self) -> list[str]:
        """The searches that develop recipes."""
        return [name for name in self.searches if name.startswith(DEVELOPS)]

    @property
    def tried_before(self) -> list[str]:
        """The experiments on the pictures that recipes and searches were developed on."""
        return [
            name
            for name, block in self.experiments.items()
            if self.dataset_settings(block["dataset"])["source"] == "official"
        ]

    def find_sources(self) -> list[str]:
        """The paths of data and of weights to start from.

        Raises a `StudyError` where one is not where it must be.
        """
        with told(self.layers):
            sources = [self.source(dataset) for dataset in self.datasets]
            if any(block.get("start") == IMAGENET for block in self.experiments.values()):
                sources.append(self.imagenet_weights())
        return sources

    def generate_settings(self, dataset: str) -> dict[str, Any]:
        """What `datasets.synthetic.generate` is told."""
        block = self.config["datasets"][dataset]
        return {"format": block["format"], **block["generate"]}

    def dataset_settings(self, dataset: str) -> dict[str, Any]:
        """What `preparation.prepare` is told, but for the title."""
        block = DATASET_DEFAULTS | self.config["datasets"][dataset]
        kinds = {"own": "own", "generated": "generated"}
        source = kinds.get(self.source_kind(dataset), "official")
        kept = {key: value for key, value in block.items() if key not in DATASET_LABELS}
        return {"name": dataset, "source": source, **kept}

    def seeds(self, experiment: str) -> list[int]:
        """The seeds that an experiment is run with."""
        return self.experiments[experiment].get("seeds", self.config["seeds"])

    def search_seed(self, experiment: str) -> int:
        """The seed of the search whose best network an experiment trains."""
        block = self.experiments[experiment]
        return block.get("search_seed", self.searches[block["search"]]["seeds"][0])

    def run_settings(self, experiment: str, seed: int) -> dict[str, Any]:
        """All that changes a run's numbers; titles and paths are left out."""
        block = self.experiments[experiment]
        if "search" in block:
            search = self.searches[block["search"]]
            recipe = {key: each for key, each in search["training"].items() if key in RECIPE}
            fixed = {"network": search.get("network", {}), "training": recipe}
            block = block | {key: merged(fixed[key], block.get(key, {})) for key in fixed}
        own_search = {}
        if "device_seconds" in block:
            own_search = {"start": OWN_SEARCH, "device_seconds": block["device_seconds"]}
        return {
            "name": experiment,
            "scale": self.scale,
            "seed": seed,
            "start": block.get("start", SCRATCH),
            **own_search,
            **self._shared_settings(block),
        }

    def trial_settings(
        self, search: str, seed: int, round_number: int, trial: int
    ) -> dict[str, Any]:
        """All that changes a trial's numbers, but for what its proposal says."""
        return self.searching_settings(search, seed) | {"round": round_number, "trial": trial}

    def searching_settings(self, search: str, seed: int) -> dict[str, Any]:
        """What all networks of a search with this seed are built and trained with."""
        block = self.searches[search]
        return {
            "name": search,
            "scale": self.scale,
            "seed": seed,
            "start": SCRATCH,
            **self._shared_settings(block),
        }

    def all_run_settings(self, experiment: str) -> list[dict[str, Any]]:
        """The settings of all runs of an experiment, seed by seed."""
        return [self.run_settings(experiment, seed) for seed in self.seeds(experiment)]

    def all_trial_settings(self, search: str) -> list[dict[str, Any]]:
        """The settings of all trials of a search, seed by seed and round by round."""
        block = self.searches[search]
        return [
            self.trial_settings(search, seed, number, trial)
            for seed in block["seeds"]
            for number in range(1, block["rounds"] + 1)
            for trial in range(1, block["trials_per_round"] + 1)
        ]

    def training_of(self, block: dict[str, Any]) -> dict[str, Any]:
        """The settings of the trainings of an experiment's or a search's block."""
        return merged(self.config["training"], block.get("training", {}))

    def _shared_settings(self, block: dict[str, Any]) -> dict[str, Any]:
        return {
            "script": block["script"],
            "backend": self.config["backend"],
            "dataset": self.dataset_settings(block["dataset"]),
            "network": block.get("network", {}),
            "training": self.training_of(block),
        }

    def search_settings(self, search: str, seed: int) -> dict[str, Any]:
        """What a proposer is told."""
        block = {k: v for k, v in self.searches[search].items() if k not in ("title", "seeds")}
        own = {"seed": seed, "training": self.training_of(block)}
        return {"search": search, "oracle": None, **block, **own}

    def search_labels(self, search: str) -> dict[str, Any]:
        """What a ledger calls a search: `search`, `proposer` and `oracle`."""
        block = self.searches[search]
        return {"search": search, "proposer": block["proposer"], "oracle": block.get("oracle")}

    def report_settings(self) -> dict[str, Any]:
        """What the report is told of the configuration."""
        kept = ("title", "subtitle", "authors", "paper", "scale", "seeds")
        settings = {
            **{key: self.config[key] for key in kept},
            "margin": self.config["statistics"]["margin"],
            "families": families(self.config),
            "datasets": {name: {"title": block["title"]} for name, block in self.datasets.items()},
            "experiments": {
                name: {
                    **self.experiment_labels(name),
                    "script": block["script"],
                    "improves": block.get("improves"),
                }
                for name, block in self.experiments.items()
            },
            "searches": {
                name: {
                    "title": block["title"],
                    "dataset": block["dataset"],
                    "proposer": block["proposer"],
                    "oracle": block.get("oracle"),
                    "initial_points": block.get("initial_points"),
                    "seeds": block["seeds"],
                    "declared": {key: block[key] for key in DECLARED if block.get(key)},
                    "budget": {
                        **{key: block[key] for key in BUDGET},
                        "training": self.training_of(block),
                    },
                }
                for name, block in self.searches.items()
            },
        }
        return guarded(settings)

    def without_paths(self) -> dict[str, Any]:
        """The config without what holds on one machine only: where data lie."""
        given = self.config["data_root"] is not None
        left_out = ("path", "generate") if given else ("path",)
        datasets = {
            name: {key: value for key, value in block.items() if key not in left_out}
            for name, block in self.config["datasets"].items()
        }
        own = self.config["own"]
        named = own and {key: value for key, value in own.items() if key != "path"}
        return self.config | {"data_root": None, "own": named, "datasets": datasets}

    def experiment_labels(self, experiment: str) -> dict[str, Any]:
        """What the report calls an experiment: `experiment`, `number`, `title` and `role`."""
        block = self.experiments[experiment]
        labels = {
            "experiment": experiment,
            "number": block.get("number"),
            "title": self.label(experiment),
            "role": block["role"],
        }
        return guarded(labels)

    def label(self, experiment: str) -> str:
        """The experiment's name in the report; a start other than ImageNet's weights is in it."""
        block = self.experiments[experiment]
        start = block.get("start", IMAGENET)
        if start == IMAGENET:
            return block["title"]
        started = self.experiments[start]
        known_as = f"experiment {started['number']}" if "number" in started else started["title"]
        return f"{block['title']} (from our {known_as})"


def typed(value: Any) -> Any:
    """`value` with every text that is a number, a truth value or null in YAML turned into it.

    Nested values given on a command line arrive as text.
    """
    if isinstance(value, dict):
        return {key: typed(each) for key, each in value.items()}
    if isinstance(value, list):
        return [typed(each) for each in value]
    if not isinstance(value, str):
        return value
    try:
        read = float(value) if EXPONENT.fullmatch(value) else yaml.safe_load(value)
    except Exception:  # what is no YAML may raise anything, and is text
        return value
    number = isinstance(read, int | float) and math.isfinite(read)
    return read if number or read is None else value


def _expanded(given: str, key: str) -> Path:
    """The path with `~` and `~user` replaced by the folders that they stand for."""
    try:
        return Path(given).expanduser()
    except RuntimeError:
        reason = "there is no such user here, name the folder itself"
        raise StudyError(f"config.yaml: {key} is {given!r}; {reason}") from None


def _repeated_key(root: yaml.Node | None) -> yaml.ScalarNode | None:
    """The first key found that its block has twice; PyYAML would take the later."""
    waiting, known = [root], set()
    while waiting:
        node = waiting.pop()
        if id(node) in known or not isinstance(node, yaml.CollectionNode):
            continue
        known.add(id(node))
        names = set()
        for part in node.value:
            waiting += part if isinstance(node, yaml.MappingNode) else [part]
            key = part[0] if isinstance(node, yaml.MappingNode) else None
            if isinstance(key, yaml.ScalarNode):
                if (key.tag, key.value) in names:
                    return key
                names.add((key.tag, key.value))
    return None


def _with_exponents(loader: Any) -> Any:
    numbers = type("Loader", (loader,), {})
    whole = re.compile(f"^(?:{EXPONENT.pattern})$")
    numbers.add_implicit_resolver("tag:yaml.org,2002:float", whole, list("-+.0123456789"))
    return numbers


SLOW = _with_exponents(yaml.SafeLoader)
SAFE = _with_exponents(getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in the YAML file at `path`, loaded safely."""
    try:
        text = path.read_text(encoding="utf-8")
        many = sum(text.count(each) for each in OPENING) > MOST_OPENING
        loader = SLOW if many else SAFE
        found = yaml.load(text, loader) or {}
        repeated = _repeated_key(yaml.compose(text, loader))
    except Exception as error:  # a date that is none, or brackets without end, may raise anything
        raise StudyError(f"{path.name} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(found, dict):
        raise StudyError(f"{path.name} is a {type(found).__name__}; it must hold keys and values")
    if repeated:
        raise StudyError(
            f"{path.name}, line {repeated.start_mark.line + 1}: the key {repeated.value!r} is in "
            "its block a second time, where it would take the place of the first; put both under "
            "one"
        )
    require_plain(found, path.name)
    return found
