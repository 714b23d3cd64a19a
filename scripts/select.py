"""Enter all trials of a search in its ledger, and name the best one."""

from pathlib import Path

from imagestudy.jobs import logged
from imagestudy.results import read_results, write_json
from imagestudy.search.ledger import ledger_rows, select_best

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        search = snakemake.params.settings
        results = read_results(
            [Path(path) for path in snakemake.input.results],
            **snakemake.params.made_with,
            data=Path(snakemake.input.data),
        )
        ledger_rows(search, results).to_csv(snakemake.output.ledger, index=False)
        write_json(Path(snakemake.output.best), select_best(search, results))
