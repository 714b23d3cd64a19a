"""Which experiments are compared: the families of pairs that the settings declare."""

from collections.abc import Iterable
from typing import Any

from imagestudy.errors import StudyError

# The family of every modern experiment and the one that it improves.
RECIPES = "recipes"


def check_families(config: dict[str, Any], known: Iterable[str]) -> None:
    """Refuse pairs of unknown experiments, on different data, or named twice.

    `known` are all experiments, also those that the scale leaves out.
    """
    names, seen = list(known), []
    for family, pairs in config["statistics"]["families"].items():
        place = f"config.yaml: statistics.families.{family}"
        if family == RECIPES:
            raise StudyError(
                f"{place} is made of the experiments that say `improves`; use another name"
            )
        for pair in pairs:
            for name in pair:
                if name not in names:
                    raise StudyError(f"{place} has {name!r}; it must be one of: {', '.join(names)}")
            if sorted(pair) in seen:
                both = " and ".join(pair)
                raise StudyError(f"{place} has {both} once more; a pair is in one family")
            seen.append(sorted(pair))
            _check_data(place, pair, config["experiments"])
    for name, block in config["experiments"].items():
        if "improves" in block:
            _check_improved(name, block, config["experiments"], names)


def _check_improved(
    name: str, block: dict[str, Any], experiments: dict[str, Any], known: list[str]
) -> None:
    place, improved = f"config.yaml: experiments.{name}.improves", block["improves"]
    if improved not in known:
        raise StudyError(f"{place} is {improved!r}; it must be one of: {', '.join(known)}")
    if block["role"] != "modern":
        raise StudyError(
            f"{place} is given, but its role is {block['role']!r}; it must be 'modern'"
        )
    if improved in experiments and experiments[improved]["role"] != "original":
        raise StudyError(
            f"{place} is {improved!r}, whose role is {experiments[improved]['role']!r}; it must be "
            "'original'"
        )
    _check_data(place, (name, improved), experiments)


def _check_data(place: str, pair: Iterable[str], experiments: dict[str, Any]) -> None:
    used = {name: experiments[name]["dataset"] for name in pair if name in experiments}
    if len(set(used.values())) > 1:
        found = " and ".join(f"{name} on {dataset}" for name, dataset in used.items())
        raise StudyError(f"{place} compares {found}; both must be on the same data")


def families(config: dict[str, Any]) -> dict[str, list[list[str]]]:
    """The pairs to compare, first minus second, of each family; those left out are not there."""
    experiments = config["experiments"]
    recipes = [[name, each["improves"]] for name, each in experiments.items() if "improves" in each]
    declared = config["statistics"]["families"] | {RECIPES: recipes}
    present = {
        family: [pair for pair in pairs if all(name in experiments for name in pair)]
        for family, pairs in declared.items()
    }
    return {family: pairs for family, pairs in present.items() if pairs}
