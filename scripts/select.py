"""Choose the best trial of a search."""

from pathlib import Path

from imagestudy.jobs import logged
from imagestudy.results import read_results, write_json
from imagestudy.search.ledger import select_best

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        results = read_results(
            [Path(path) for path in snakemake.input.results],
            **snakemake.params.made_with,
            data=Path(snakemake.input.data),
        )
        best = select_best(snakemake.params.settings, results)
        write_json(Path(snakemake.output.best), best)
