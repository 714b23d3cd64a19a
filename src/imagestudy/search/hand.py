"""The proposer `hand`: the candidates that someone declared, in their order."""

from typing import Any


def put_forward(search: dict[str, Any], round_number: int) -> list[dict[str, Any] | None]:
    """Network and training of each trial of a round; None where no candidate is left."""
    first = (round_number - 1) * search["trials_per_round"]
    chosen = search["candidates"][first : first + search["trials_per_round"]]
    found = [
        {"network": each.get("network") or {}, "training": each.get("training") or {}}
        for each in chosen
    ]
    return found + [None] * (search["trials_per_round"] - len(found))
