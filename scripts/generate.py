"""Make up the pictures of one data set, in the format of its official archive."""

from pathlib import Path

from imagestudy.datasets.synthetic import generate
from imagestudy.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        generate(snakemake.params.settings, Path(snakemake.output.archive))
