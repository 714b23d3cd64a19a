"""Measure, compare and take apart what all networks said of the test pictures."""

from pathlib import Path

from imagestudy.examination import examine
from imagestudy.jobs import logged
from imagestudy.results import write_json

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        examined = examine(
            snakemake.params.settings,
            snakemake.input.summaries,
            snakemake.input.data,
            snakemake.input.predictions,
        )
        write_json(Path(snakemake.output.examination), examined)
