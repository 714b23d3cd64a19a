"""Why a network was not trained, or its training left none that counts, in a result's words."""

import math
from typing import Any

TIME = "time"
NOT_FINITE = "not finite"
OUT_OF_MEMORY = "out of memory"
INVALID_GRAPH = "invalid graph"
OVERSIZED = "oversized"
CRASHED = "crashed"
LONGEST = 300


class OversizedError(Exception):
    """A network was not built to its end, as its weights might fill the machine's memory."""


def of_network(described: dict[str, Any], training: dict[str, Any]) -> str | None:
    """Why a network, as `networks.description` describes it, is not trained at all."""
    limit = training["max_parameters"]
    if limit and described["parameters"] > limit:
        return f"{OVERSIZED}: {described['parameters']} parameters, at most {limit}"
    # Keras builds a pooling of less than its window; only its first step would fail.
    for row in described["table"]:
        if 0 in row["output"]:
            return f"{INVALID_GRAPH}: {row['name']} leaves nothing of the picture"
    return None


def of_earlier(
    memory: float, crash: str | None, training: dict[str, Any], is_trial: bool
) -> str | None:
    """Why a run is not tried again, of which a process that took so much memory (MB) died.

    `crash`: what ended it, if not a person or another program; see `Spent`. A trial that crashed
    has failed; a run that did is tried again.
    """
    failure = of_memory(memory, training)
    return failure or (f"{CRASHED}: {crash}" if crash and is_trial else None)


def of_memory(memory: float, training: dict[str, Any]) -> str | None:
    """Why a run whose process took so much memory (MB) has no network that counts."""
    limit = training["memory_mb"]
    return f"{OUT_OF_MEMORY}: more than {limit} MB" if limit and memory > limit else None


def of_training(status: str, training: dict[str, Any], is_trial: bool) -> str | None:
    """Why a training that ended with `status` left no network that counts.

    A run that diverged is a result; a trial that did has failed.
    """
    if status == "out_of_memory":
        return of_memory(math.inf, training)
    return NOT_FINITE if status == "diverged" and is_trial else None


def of_exception(error: Exception, built: bool) -> str:
    """What was raised, while the network was being built or, with `built`, after that."""
    message = f"{type(error).__name__}: {error}".splitlines()[0][:LONGEST]
    if isinstance(error, OversizedError):
        return f"{OVERSIZED}: {error}"
    if is_out_of_memory(error):
        return f"{OUT_OF_MEMORY}: {message}"
    return message if built else f"{INVALID_GRAPH}: {message}"


def is_out_of_memory(error: Exception) -> bool:
    """Whether memory ran out, of the machine or of its accelerator, in any backend's words."""
    named = "ResourceExhausted" in type(error).__name__ or "RESOURCE_EXHAUSTED" in str(error)
    return named or isinstance(error, MemoryError)
