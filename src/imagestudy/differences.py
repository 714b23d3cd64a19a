"""Where two JSON values differ; quick to import."""

import json
from typing import Any


def first_difference(found: Any, expected: Any, place: str = "") -> str | None:
    """Where two JSON values differ first: `.training.epochs is 3, expected 5`; None if nowhere."""
    if isinstance(found, dict) and isinstance(expected, dict):
        for key in sorted(found.keys() | expected.keys()):
            if key not in found or key not in expected:
                where = "the study" if key not in expected else "the result"
                return f"{place}.{key} is not in {where}"
            difference = first_difference(found[key], expected[key], f"{place}.{key}")
            if difference:
                return difference
        return None
    if found == expected:
        return None
    return f"{place} is {_short(found)}, expected {_short(expected)}"


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
