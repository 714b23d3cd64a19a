"""What was tried before the study was declared as it is: published/development.csv.

A try is a trial of a search whose name is that of the experiment it was made for, with a prefix:
it is scored on selection pictures, and its row is the ledger's.
`python -m imagestudy.development FILE LEDGER ...` adds the rows of ledgers to the file.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from imagestudy.search.declaration import DEVELOPS
from imagestudy.search.ledger import COLUMNS, read_ledger

# What makes two tries one.
SAME = ["search", "hyperparameters", "settings_digest", "code_digest", "data_digest", "seed"]


def tries_for(published: Path, experiments: Iterable[str]) -> pd.DataFrame:
    """The tries that were made for one of `experiments`, with a column `experiment`."""
    tries = read_ledger(published)
    tries.insert(0, "experiment", tries["search"].str.removeprefix(DEVELOPS))
    return tries[tries["experiment"].isin(list(experiments))]


def with_tries(published: Path, ledgers: list[Path]) -> pd.DataFrame:
    """The rows of `published`, if it is there, and those of `ledgers` that it lacks."""
    known = [read_ledger(path) for path in (published, *ledgers) if path.exists()]
    rows = pd.concat(known)[COLUMNS]
    # Whole numbers stay so where some rows have none.
    rows = rows[rows["status"] != "skipped"].convert_dtypes()
    return rows.drop_duplicates(SAME, ignore_index=True)


if __name__ == "__main__":
    target, *given = map(Path, sys.argv[1:])
    partial = target.with_suffix(".part")
    with_tries(target, given).to_csv(partial, index=False)
    partial.replace(target)
