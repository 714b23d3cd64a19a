"""Write an experiment's predictions for the unlabelled pictures in the challenge's format."""

from pathlib import Path

from imagestudy.datasets.exports import export_submission
from imagestudy.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        export_submission(
            Path(snakemake.input.data).parent,
            Path(snakemake.input.summary),
            [Path(path) for path in snakemake.input.predictions],
            Path(snakemake.output.submission),
        )
