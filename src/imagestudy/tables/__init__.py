"""The report's tables: each a function of the evidence, none reads or saves."""

from collections.abc import Iterable

ROLES = ("original", "own", "control", "modern")
OTHERS = (
    "errors",
    "replication",
    "anchors",
    "methods",
    "pairs",
    "decomposition",
    "classes",
    "confused",
    "duplicates",
    "by_hand_original",
    "by_hand_measured",
    "searches",
    "budgets",
    "spaces",
    "developed",
    "tries",
    "trials",
    "claims",
    "vgg16",
    "data",
    "digests",
    "settings",
    "runs",
    "software",
)


def names(experiments: Iterable[str]) -> list[str]:
    """The names of all tables, from the names of the experiments alone; quick to import."""
    roles = [f"summary_{role}" for role in ROLES]
    return [*roles, *(f"network_{name}" for name in experiments), *OTHERS]
