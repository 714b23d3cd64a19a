"""All benchmarks: `make benchmark` prints a table and writes benchmarks/results.csv.

Every ratio is taken so that larger is better: ours over a peer's for rates, the limit over what
was measured for limits.
"""

import time
from pathlib import Path

import dry_run
import estimates
import frozen_layers
import interruption
import jobs
import pandas as pd
import search_budget
import training_speed

from imagestudy import provenance

COLUMNS = ["benchmark", "ours", "peer", "unit", "ratio", "goal"]
BENCHMARKS = (
    training_speed,
    frozen_layers,
    jobs,
    interruption,
    dry_run,
    search_budget,
    estimates,
)
FOLDER = Path(__file__).parent

if __name__ == "__main__":
    began = time.monotonic()
    hardware, software = provenance.hardware(), provenance.software()
    machine = "\n".join(f"{key}: {value}" for key, value in (hardware | software).items())
    (FOLDER / "machine.txt").write_text(f"{provenance.now()}\n{machine}\n")
    rows: list[dict[str, object]] = []
    for benchmark in BENCHMARKS:
        started = time.monotonic()
        rows += benchmark.measure()
        print(f"{benchmark.__name__}: {time.monotonic() - started:.0f} s", flush=True)
        # After each: what is measured stays, should a later one fail.
        pd.DataFrame(rows, columns=COLUMNS).to_csv(FOLDER / "results.csv", index=False)
    minutes = (time.monotonic() - began) / 60
    with (FOLDER / "machine.txt").open("a") as file:
        file.write(f"minutes: {minutes:.1f}\n")
    print(pd.DataFrame(rows, columns=COLUMNS).to_string(index=False))
