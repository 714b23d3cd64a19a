"""Compute all test metrics again from the predictions, and compare them with the results."""

from pathlib import Path

from imagestudy.jobs import logged
from imagestudy.verification import verified

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        table = verified(
            [Path(path) for path in snakemake.input.results],
            [Path(path) for path in snakemake.input.predictions],
        )
        table.to_csv(snakemake.output.metrics, index=False)
        runs = len(table.groupby(["experiment", "seed"]))
        print(f"{len(table)} metrics of {runs} runs are what their predictions amount to")
