"""A trial's result, read for what a search wants of it."""

from typing import Any

# with a score that counts
SCORED = ("completed", "stopped")


def position(result: dict[str, Any]) -> tuple[int, int]:
    """Round and trial of a result, both from 1."""
    place = result if "round" in result else result["settings"]
    return place["round"], place["trial"]


def proposal(result: dict[str, Any]) -> dict[str, Any]:
    """What was put forward for the trial: `network` and `training`."""
    return result["proposal"] if "proposal" in result else result["choice"]


def score(result: dict[str, Any]) -> float | None:
    """The selection top-1 that counts; None of a trial that failed or was skipped."""
    return result["score"] if result["status"] in SCORED else None
