"""Prepare one data set: its archive becomes memory-mapped arrays."""

from pathlib import Path

from imagestudy.jobs import logged
from imagestudy.preparation import prepare

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        prepare(
            Path(snakemake.input.source),
            snakemake.params.settings,
            snakemake.params.code,
            Path(snakemake.params.folder),
            snakemake.threads,
        )
