"""All tables of the report as LaTeX, each by the name of its file."""

from collections.abc import Callable

from imagestudy import latex
from imagestudy.evidence import Evidence
from imagestudy.tables import (
    ROLES,
    appendix,
    by_hand,
    comparison,
    development,
    networks,
    pairs,
    pictures,
    searches,
    summary,
    vgg16,
)

FRAGMENTS: dict[str, tuple[Callable[[Evidence], latex.Table], Callable[[latex.Table], str]]] = {
    "errors": (summary.errors, latex.tabular),
    "replication": (comparison.replication, latex.tabular),
    "anchors": (comparison.anchors, latex.tabular),
    "methods": (pairs.methods, latex.tabular),
    "pairs": (pairs.networks, latex.longtable),
    "decomposition": (pictures.decomposition, latex.tabular),
    "classes": (pictures.classes, latex.tabular),
    "confused": (pictures.confused, latex.tabular),
    "duplicates": (pictures.duplicates, latex.tabular),
    "by_hand_original": (by_hand.stated, latex.tabular),
    "by_hand_measured": (by_hand.measured, latex.tabular),
    "searches": (searches.searches, latex.tabular),
    "budgets": (searches.budgets, latex.tabular),
    "spaces": (searches.spaces, latex.longtable),
    "developed": (development.developed, latex.tabular),
    "tries": (development.tries, latex.longtable),
    "trials": (searches.trials, latex.longtable),
    "claims": (comparison.all_claims, latex.longtable),
    "vgg16": (vgg16.beside_original, latex.tabular),
    "data": (appendix.data, latex.tabular),
    "digests": (appendix.digests, latex.tabular),
    "settings": (appendix.settings, latex.longtable),
    "runs": (appendix.runs, latex.longtable),
    "software": (appendix.software, latex.tabular),
}


def fragments(evidence: Evidence) -> dict[str, str]:
    """The LaTeX of every table, by name."""
    found = {}
    for role in ROLES:
        found[f"summary_{role}"] = latex.tabular(summary.of_role(evidence, role))
    for name, each in evidence.experiments.items():
        found[f"network_{name}"] = latex.longtable(networks.layers(each["network"]))
    for name, (table, shown) in FRAGMENTS.items():
        found[name] = shown(table(evidence))
    return found
