"""A trial's result, read for what a search wants of it."""

from typing import Any

# What a search may decide of a training; its length and its limits belong to the experiment.
RECIPE = (
    "optimizer",
    "learning_rate",
    "momentum",
    "nesterov",
    "weight_decay",
    "schedule",
    "warmup",
    "label_smoothing",
    "ema",
    "batch_size",
    "augmentation",
)
# AutoKeras's space has these of every network.
OF_SPACE = {"optimizer", "learning_rate"}
# with a score that counts
SCORED = ("completed", "stopped")


def decided(search: dict[str, Any]) -> set[str]:
    """The settings of a training that every trial of `search` has from what is put forward."""
    if search["proposer"] != "hand":
        return set(OF_SPACE)
    each = [set(candidate.get("training") or {}) for candidate in search["candidates"]]
    return set.intersection(*each) & set(RECIPE)


def position(result: dict[str, Any]) -> tuple[int, int]:
    """Round and trial of a result, both from 1."""
    return result["settings"]["round"], result["settings"]["trial"]


def proposal(result: dict[str, Any]) -> dict[str, Any]:
    """What was put forward for the trial: `network` and `training`."""
    return result["choice"]


def score(result: dict[str, Any]) -> float | None:
    """The selection top-1 that counts; None of a trial that failed or was skipped."""
    return result["score"] if result["status"] in SCORED else None
