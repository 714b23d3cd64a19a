"""Pack a finished study into one file."""

from pathlib import Path

from imagestudy.jobs import logged
from imagestudy.packing import pack

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        pack(
            Path(snakemake.output.bundle),
            Path(snakemake.output.bundle).parent,
            [Path(path) for path in snakemake.input.files],
            [Path(path).parent for path in snakemake.input.data],
            Path(snakemake.input.examination),
            Path(snakemake.input.environment),
            snakemake.params.study,
        )
