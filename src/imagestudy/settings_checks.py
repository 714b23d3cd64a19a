"""What the settings must fulfil, told in one sentence where they do not."""

from collections.abc import Iterable
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match
from jsonschema.validators import extend

from imagestudy.builders import sizes
from imagestudy.errors import StudyError
from imagestudy.merging import merged
from imagestudy.search.trials import decided
from imagestudy.search.validation import SCRIPT, check_search
from imagestudy.sources import ARCHIVES, IMAGENET

SAME_AS_START = ("width", "batch_normalization")
# This script searches and trains by itself; of the training settings only these concern it.
OWN_SEARCH = "autokeras_stock"
OWN_TRAINING = ("precision", "pictures", "train_evaluation_pictures")

MOST_TRIALS = 10_000  # of a search: each is a job of the workflow
# JSON Schema takes 2.0 and 1e300 for integers, Python's range does not.
WHOLE = extend(
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda checker, value: isinstance(value, int) and not isinstance(value, bool)
    ),
)


def check_schema(config: dict[str, Any], schema: dict[str, Any]) -> None:
    """Refuse what `schema` does not allow, naming the place, what is there and what may be."""
    error = best_match(WHOLE(schema).iter_errors(config))
    if error is not None:
        raise StudyError(f"config.yaml: {_explained(error, config)}")
    for name, search in config["searches"].items():
        if search is not None:  # another check says what is wrong with one that is
            _require_few(name, search)


def _require_few(name: str, search: dict[str, Any]) -> None:
    seeds, rounds, of_a_round = len(search["seeds"]), search["rounds"], search["trials_per_round"]
    if seeds * rounds * of_a_round > MOST_TRIALS:
        raise StudyError(
            f"config.yaml: searches.{name} has {seeds * rounds * of_a_round:,} trials ({seeds} "
            f"seeds, {rounds} rounds of {of_a_round}); it may have {MOST_TRIALS:,} at most"
        )


def _explained(error: ValidationError, config: dict[str, Any]) -> str:
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path]
    place = "".join(parts).removeprefix(".") or "the top level"
    if error.validator == "additionalProperties":
        allowed = sorted(error.schema.get("properties", {}))
        unknown = sorted(set(error.instance) - set(allowed))
        return f"{place} has the unknown key {unknown[0]!r}; it may have: {', '.join(allowed)}"
    if error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        lacking = f"{place} lacks {', '.join(missing)}"
        if len(parts) != 2:
            return lacking
        kind, name = error.absolute_path
        known = [each for each in config[kind] if each != name]
        return f"{lacking}; it is new, those that there are: {', '.join(known)}"
    if error.validator in ("maxItems", "minItems"):
        few = "at most" if error.validator == "maxItems" else "at least"
        return f"{place} is {error.instance!r}; it must have {few} {error.validator_value} values"
    if error.validator == "enum":
        allowed = ", ".join("null" if each is None else str(each) for each in error.validator_value)
        return f"{place} is {error.instance!r}; it must be one of {allowed}"
    meaning = error.schema.get("description", "")
    return f"{place}: {error.message}" + (f" ({meaning})" if meaning else "")


def check(config: dict[str, Any], scripts: Iterable[str]) -> None:
    """Refuse names that lead nowhere and settings that contradict each other."""
    for name, block in config["datasets"].items():
        _check_dataset(name, block, config["scale"], config["data_root"])
    for kind in ("experiments", "searches"):
        for name, block in config[kind].items():
            place = f"config.yaml: {kind}.{name}"
            _check_known(f"{place}.dataset", block["dataset"], config["datasets"])
            _check_known(f"{place}.script", block["script"], sorted(scripts))
    for name, block in config["searches"].items():
        training = merged(config["training"], block["training"])
        check_search(name, block, training)
        _check_undecided(f"config.yaml: searches.{name}", block, name, block)
        side = config["datasets"][block["dataset"]]["image_size"]
        _check_training(f"config.yaml: searches.{name}.training", training, side)
        _check_candidates(f"config.yaml: searches.{name}", block, training, side, scripts)
    for name, block in config["experiments"].items():
        training = merged(config["training"], block.get("training", {}))
        side = config["datasets"][block["dataset"]]["image_size"]
        _check_training(f"config.yaml: experiments.{name}.training", training, side)
        if "search" not in block:
            place = f"config.yaml: experiments.{name}.network"
            _check_network(place, block["script"], block.get("network", {}))
        _check_own_search(name, config)
        _check_start(name, config, scripts)
        _check_search_of(name, config)


def _check_undecided(place: str, block: dict[str, Any], name: str, search: dict[str, Any]) -> None:
    """Refuse settings of a training that each trial of the search `name` brings of its own."""
    unread = sorted(decided(search) & block.get("training", {}).keys())
    if unread:
        own = "candidates say" if search["proposer"] == "hand" else "space says"
        raise StudyError(
            f"{place}.training.{unread[0]} is given, but search {name} decides it: its {own} so of "
            "every trial; change it there, or leave it out here"
        )


def _check_known(place: str, value: str, known: Iterable[str]) -> None:
    if value not in known:
        raise StudyError(f"{place} is {value!r}; it must be one of: {', '.join(known)}")


def _check_dataset(name: str, block: dict[str, Any], scale: str, data_root: str | None) -> None:
    place = f"config.yaml: datasets.{name}"
    if block["format"] in ARCHIVES:
        if "path" in block:
            raise StudyError(
                f"{place}.path is given, but the official {block['format']} data are looked for "
                "under data_root; leave path out, or set format to folder or csv"
            )
    elif "path" not in block:
        raise StudyError(f"{place} lacks path; format {block['format']} needs to know where it is")
    elif "generate" in block:
        raise StudyError(f"{place}.generate is given; format {block['format']} is read from path")
    if "generate" in block and scale != "demo":
        raise StudyError(
            f"{place}.generate is given at scale {scale}; data are made up at scale demo only"
        )
    if "generate" in block and data_root:
        raise StudyError(
            f"config.yaml: data_root is {data_root!r}, but at scale {scale} the pictures of {name} "
            "are made up; say scale=cpu or scale=full (with make: SCALE=cpu) to study those under "
            "data_root, or leave that out"
        )


def _check_training(place: str, training: dict[str, Any], side: int) -> None:
    """Refuse what cannot hold together, for pictures of `side` pixels."""
    translate, shift = training["augmentation"]["translate"], training["shift_test"]
    for key, pixels in {"augmentation.translate": translate, "shift_test": shift}.items():
        if pixels >= side:
            raise StudyError(
                f"{place}.{key} is {pixels}, but the pictures have {side} pixels, and what lies "
                f"behind their border is reflected: it must be below {side}"
            )
    if training["views"] and training["augmentation"]["cutmix"]:
        raise StudyError(
            f"{place} has views and augmentation.cutmix, but CutMix mixes pictures, and views hold "
            "what frozen layers made of them; set one of the two to null or 0"
        )
    if training["views"] and not any(training["augmentation"].values()):
        raise StudyError(
            f"{place}.views is {training['views']}, but nothing is augmented: all would be the "
            "same; set it to null"
        )
    if training["ema"] and training["start_learning_rate_factor"] != 1:
        raise StudyError(
            f"{place} has ema and start_learning_rate_factor; the average would be of weights that "
            "the factor has not slowed yet; set ema to null or the factor to 1"
        )


def _check_candidates(
    place: str, search: dict[str, Any], training: dict[str, Any], side: int, scripts: Iterable[str]
) -> None:
    """The candidates of a search by hand are networks that its script builds from scratch.

    They are trained with `training`, or what they say instead, on pictures of `side` pixels.
    """
    if search["proposer"] != "hand":
        return
    script = search["script"]
    built = sorted(each for each in scripts if sizes(each) is not None)
    if script not in built:
        raise StudyError(
            f"{place}.script is {script!r}; a search by hand tries networks from scratch, so it "
            f"must be one of: {', '.join(built)}"
        )
    for number, candidate in enumerate(search["candidates"]):
        network = merged(search.get("network") or {}, candidate.get("network") or {})
        _check_network(f"{place}.candidates[{number}].network", script, network)
        own = merged(training, candidate.get("training") or {})
        _check_training(f"{place}.candidates[{number}].training", own, side)


def _check_network(place: str, script: str, found: dict[str, Any]) -> None:
    """A network has the sizes that its builder takes."""
    known = sizes(script)
    if known is None:
        return
    needed, optional = known
    lacking = [key for key in needed if key not in found]
    if lacking:
        raise StudyError(f"{place} lacks {', '.join(lacking)}, which {script} needs")
    ignored = sorted(found.keys() - set(needed) - set(optional))
    if ignored:
        raise StudyError(
            f"{place}.{ignored[0]} is given, but {script} has no such size; it has "
            f"{', '.join((*needed, *optional))}"
        )


def _check_own_search(name: str, config: dict[str, Any]) -> None:
    """A script that searches by itself needs a budget, and leaves nothing else to say."""
    block = config["experiments"][name]
    place = f"config.yaml: experiments.{name}"
    if block["script"] != OWN_SEARCH:
        if "device_seconds" in block:
            raise StudyError(
                f"{place}.device_seconds is given, but only {OWN_SEARCH} searches by itself; "
                "a budget belongs to a search"
            )
        return
    if "device_seconds" not in block:
        raise StudyError(f"{place} lacks device_seconds; {OWN_SEARCH} would never end")
    own = block.get("training", {})
    ignored = [key for key in ("start", "search", "network") if key in block]
    ignored += [f"training.{key}" for key in own if key not in OWN_TRAINING]
    if ignored:
        raise StudyError(
            f"{place}.{ignored[0]} is given, but {OWN_SEARCH} decides that by itself; of training "
            f"it may have {', '.join(OWN_TRAINING)}"
        )
    precision = own.get("precision", config["training"]["precision"])
    if precision != "float32":
        raise StudyError(
            f"{place}.training.precision is {precision!r}; it must be 'float32': AutoKeras trains "
            "in no other"
        )


def _check_start(name: str, config: dict[str, Any], scripts: Iterable[str]) -> None:
    """A script `<network>_<method>` starts from ImageNet's weights or a run of `<network>`."""
    experiments, datasets, seeds = (config[key] for key in ("experiments", "datasets", "seeds"))
    block = experiments[name]
    if block["script"] == OWN_SEARCH:
        return
    place = f"config.yaml: experiments.{name}.start"
    networks = {script for script in scripts if block["script"].startswith(f"{script}_")}
    if not networks:
        if "start" in block:
            raise StudyError(f"{place} is given, but {block['script']} trains from scratch")
        return
    fitting = sorted(key for key, value in experiments.items() if value["script"] in networks)
    start = block.get("start")
    if start != IMAGENET and start not in fitting:
        raise StudyError(
            f"{place} is {start!r}; it must be 'imagenet' or an experiment with the network of "
            f"{' or '.join(sorted(networks))} (there is: {', '.join(fitting) or 'none'})"
        )
    network = block.get("network", {})
    if start == IMAGENET:
        if datasets[block["dataset"]]["format"] == "tiny_imagenet":
            raise StudyError(
                f"{place} is 'imagenet', but the pictures of {block['dataset']} are ImageNet's: "
                "their labels have been seen. Start from an experiment, or use other data"
            )
        if network.get("width") != 1 or network.get("batch_normalization"):
            raise StudyError(
                f"config.yaml: experiments.{name}.network must have width 1.0 and no "
                "batch_normalization: ImageNet's weights are those of the published network"
            )
        return
    lacking = set(block.get("seeds", seeds)) - set(experiments[start].get("seeds", seeds))
    if lacking:
        raise StudyError(
            f"config.yaml: experiments.{name}.seeds has {min(lacking)}, but its start {start} is "
            "not run with that seed; it must have every seed that starts from it"
        )
    for key in SAME_AS_START:
        own, parent = network.get(key), experiments[start].get("network", {}).get(key)
        if own != parent:
            raise StudyError(
                f"config.yaml: experiments.{name}.network.{key} is {own}, but its start {start} "
                f"has {parent}; both must be the same"
            )


def _check_search_of(name: str, config: dict[str, Any]) -> None:
    block = config["experiments"][name]
    if "search" not in block:
        if block["script"] == SCRIPT:
            raise StudyError(
                f"config.yaml: experiments.{name} lacks search; {SCRIPT} trains what a search found"
            )
        if "search_seed" in block:
            raise StudyError(
                f"config.yaml: experiments.{name}.search_seed is given, but no search; name one"
            )
        return
    place = f"config.yaml: experiments.{name}.search"
    _check_known(place, block["search"], config["searches"])
    search = config["searches"][block["search"]]
    seed = block.get("search_seed", search["seeds"][0])
    if seed not in search["seeds"]:
        raise StudyError(
            f"config.yaml: experiments.{name}.search_seed is {seed}; the seeds of search "
            f"{block['search']} are {', '.join(map(str, search['seeds']))}"
        )
    if block.get("network"):
        raise StudyError(
            f"config.yaml: experiments.{name}.network is given, but it is the network that search "
            f"{block['search']} found; change that search, or leave network out"
        )
    _check_undecided(f"config.yaml: experiments.{name}", block, block["search"], search)
    for key in ("script", "dataset"):
        if search[key] != block[key]:
            raise StudyError(
                f"{place} is {block['search']!r}, whose {key} is {search[key]!r}; the "
                f"experiment's {key} is {block[key]!r}, and both must be the same"
            )
