"""JSON whose numbers are all finite: Python alone takes NaN, Infinity and 1e999 for some."""

import json
import math
from collections.abc import Callable
from typing import Any


def loads(text: str | bytes) -> Any:
    """What the JSON `text` says; a `ValueError` where it is none, or a number is not finite."""
    return json.loads(
        text, parse_float=_finite(float), parse_int=_finite(int), parse_constant=_finite(float)
    )


def _finite(kind: Callable[[str], Any]) -> Callable[[str], Any]:
    def read(number: str) -> Any:
        if not math.isfinite(float(number)):
            raise ValueError(f"{number[:30]} is no finite number")
        return kind(number)

    return read
