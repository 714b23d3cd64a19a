"""The learning rate at each step of a training."""

import math
from typing import Any


def learning_rate(settings: dict[str, Any], step: int, steps: int) -> float:
    """The learning rate of step `step` (from 0) of `steps`.

    `settings["schedule"]`: `constant`; `cosine` (to 0); `triangular` (linear to 0); all after a
    linear warm-up over the fraction `settings["warmup"]` of the steps.
    """
    peak, warmup = settings["learning_rate"], settings["warmup"] * steps
    if step < warmup:
        return peak * (step + 1) / warmup if warmup > 1 else peak
    progress = (step - warmup) / max(1.0, steps - warmup)
    match settings["schedule"]:
        case "constant":
            return peak
        case "cosine":
            return peak * 0.5 * (1 + math.cos(math.pi * progress))
        case "triangular":
            return peak * (1 - progress)
    raise ValueError(f"no schedule {settings['schedule']!r}")
