"""Enter all trials of a search, of all its seeds, in its ledger."""

from pathlib import Path

from imagestudy.jobs import logged
from imagestudy.results import read_results
from imagestudy.search.ledger import ledger_rows

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        results = read_results(
            [Path(path) for path in snakemake.input.results],
            **snakemake.params.made_with,
            data=Path(snakemake.input.data),
        )
        ledger = ledger_rows(snakemake.params.settings, results)
        ledger.to_csv(snakemake.output.ledger, index=False)
