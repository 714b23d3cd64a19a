"""An epoch with the frozen layers' outputs cached over one in full: transfer and fine-tuning."""

import sys
from pathlib import Path

from workers import Worker, fastest, in_turn, row

# What is frozen of VGG-16's five blocks, and how many times as fast an epoch has to be.
METHODS = {"transfer": ("5", 10.0), "fine-tuning the last block": ("4", 3.0)}


def measure() -> list[dict]:
    """Ratios of pictures per second."""
    found = fastest()
    how = (found["precision"], str(found["threads"]))
    python, rows = Path(sys.executable), []
    for method, (blocks, goal) in METHODS.items():
        with (
            Worker(python, "frozen.py", blocks, "cached", *how) as cached,
            Worker(python, "frozen.py", blocks, "plain", *how) as plain,
        ):
            rates = in_turn(cached, plain)
        rows.append(
            row(f"{method}: frozen layers cached / plain", *rates[:2], "pictures/s", rates[2], goal)
        )
    return rows
