"""Studies before this one, whose test accuracies had been seen when its settings were changed."""

from typing import Any

from imagestudy import latex
from imagestudy.evidence import Evidence

COMMIT_SHOWN = 7


def seen_before(evidence: Evidence) -> list[dict[str, Any]]:
    """What the report tells of those that came before this one, after which something changed.

    Each has its `commit`, and of the experiments that were changed after it their `titles`, and
    their test accuracies `then` and `now` (LaTeX).
    """
    found = []
    for study in evidence.earlier.get(evidence.study["scale"], []):
        changed = [name for name in study["changed"] if _came_later(evidence, name, study)]
        if not changed:
            continue
        found.append(
            {
                "commit": study["commit"][:COMMIT_SHOWN],
                "titles": [latex.title(evidence.experiments[name]["title"]) for name in changed],
                "then": [latex.accuracy(study["test_top1"][name]) for name in changed],
                "now": [
                    latex.accuracy(evidence.estimate(name, "test_top1").mean) for name in changed
                ],
            }
        )
    return found


def _came_later(evidence: Evidence, name: str, study: dict[str, Any]) -> bool:
    each = evidence.experiments.get(name)
    if each is None or evidence.datasets[each["dataset"]]["source"] != "official":
        return False
    return min(run["finished"] for run in each["runs"]) > study["finished"]
