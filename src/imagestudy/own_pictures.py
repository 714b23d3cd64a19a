"""The study on a person's own pictures: every experiment and search that applies, on them alone."""

from typing import Any

from imagestudy.errors import StudyError
from imagestudy.merging import merged

DEFAULTS = {
    "format": "folder",
    "image_size": 32,
    "resize_filter": "box",
    "selection_fraction": 0.1,
    "seed": 1,
}
# Behind the scale in the name of the folder that holds what is made from a bundle.
BUNDLE = "bundle"
# What two experiments may differ in and still train the same.
LABELS = ("title", "role", "number", "improves")

Blocks = dict[str, dict[str, Any]]


def on_own_pictures(config: dict[str, Any]) -> dict[str, Any]:
    """`config` with the pictures of its block `own` as the only data set.

    On one data set some experiments and searches are others over again; of these the first stays.
    What would start from another experiment is left out: that has learned from the same pictures,
    so nothing would be carried over.
    Nothing of an original is repeated: of the roles only `control` is kept, all else is `own`.
    """
    own = config["own"]
    name = own["name"]
    if name == BUNDLE:
        raise StudyError(
            f"config.yaml: own.name is {name!r}, but results/<scale>-{BUNDLE} is where the results "
            "of a bundle lie; give the pictures another name"
        )
    title = name.replace("_", " ").capitalize()
    dataset = {"title": title, **DEFAULTS, **{k: v for k, v in own.items() if k != "name"}}
    searches, search_for = _distinct(_moved(config["searches"], name))
    moved = _moved(config["experiments"], name, search=search_for)
    applying = {each: block for each, block in moved.items() if block.get("start") not in moved}
    experiments, stands_for = _distinct(applying, config["training"])
    return config | {
        "datasets": {name: dataset},
        "searches": searches,
        "experiments": {each: _without_original(block) for each, block in experiments.items()},
        "statistics": config["statistics"]
        | {"families": _families(config["statistics"]["families"], stands_for)},
    }


def _families(
    families: dict[str, list[list[str]]], stands_for: dict[str, str]
) -> dict[str, list[list[str]]]:
    """The families of pairs, by what stands for each experiment; each pair once."""
    found, seen = {}, []
    for family, pairs in families.items():
        found[family] = []
        for pair in pairs:
            names = [stands_for.get(name, name) for name in pair]
            if len(set(names)) == len(names) and sorted(names) not in seen:
                found[family].append(names)
                seen.append(sorted(names))
    return found


def _moved(blocks: Blocks, dataset: str, search: dict[str, str] | None = None) -> Blocks:
    """The blocks on this data set, with the searches that stand for theirs."""
    return {
        name: block
        | {"dataset": dataset}
        | ({"search": search.get(block["search"], block["search"])} if "search" in block else {})
        for name, block in blocks.items()
    }


def _distinct(
    blocks: Blocks, training: dict[str, Any] | None = None
) -> tuple[Blocks, dict[str, str]]:
    """The blocks without those equal to an earlier one but for labels; which stands for which."""
    contents, stands_for = {}, {}
    for name, block in blocks.items():
        content = {key: value for key, value in block.items() if key not in LABELS}
        content["training"] = merged(training or {}, block.get("training", {}))
        same = next((each for each, known in contents.items() if known == content), name)
        contents.setdefault(same, content)
        stands_for[name] = same
    return {name: blocks[name] for name in contents}, stands_for


def _without_original(block: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in block.items() if key not in ("number", "improves")}
    return kept if block["role"] == "control" else kept | {"role": "own"}
