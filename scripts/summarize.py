"""Gather the runs of one experiment, one for each seed, into its result file."""

from pathlib import Path

from imagestudy.jobs import logged
from imagestudy.results import gather, write_json

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        write_json(
            Path(snakemake.output.summary),
            gather(
                **snakemake.params.settings,
                paths=[Path(path) for path in snakemake.input.results],
                histories=[Path(path) for path in snakemake.input.histories],
                data=Path(snakemake.input.data),
                best=[Path(path) for path in snakemake.input.best],
                starts=[Path(path) for path in snakemake.input.starts],
            ),
        )
