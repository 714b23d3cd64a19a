"""Put forward the trials of one round of a search."""

from pathlib import Path

from imagestudy.gpus import hide
from imagestudy.jobs import logged
from imagestudy.results import read_record, write_json
from imagestudy.search.proposers import propose, with_data

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        hide()
        dataset = read_record(Path(snakemake.input.data))
        write_json(
            Path(snakemake.output.proposals),
            propose(
                with_data(snakemake.params.settings, dataset),
                int(snakemake.wildcards.round),
                [read_record(Path(path)) for path in snakemake.input.earlier],
            ),
        )
