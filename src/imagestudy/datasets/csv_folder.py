"""A table `file,label` beside one folder with all pictures, as AutoKeras of 2018 wanted it.

The one .csv file at the top has the header `file,label` or `file,label,split`; `file` is a path
from the table's folder, `split` is train, test or selection. Without it a fifth becomes test.
"""

import csv
import io
from pathlib import Path
from typing import Any

from imagestudy.datasets.archives import Place, open_place, require_printable
from imagestudy.datasets.folder import split_test
from imagestudy.datasets.listing import LABELLED, Listing, entries, natural, require_every_class
from imagestudy.errors import StudyError


def read(path: Path, settings: dict[str, Any]) -> Listing:
    """List the pictures that the table names; others are left out."""
    place = open_place(path)
    names = place.names()
    table = _table_name(names, path)
    rows = _rows(place, table)
    where = f"{path}: {table}"
    _require_files(rows, set(names), where)
    classes = sorted({row["label"] for row in rows}, key=natural)
    numbers = {name: number for number, name in enumerate(classes)}
    splits = {}
    for split in LABELLED:
        part = [row for row in rows if row.get("split", "train") == split]
        if part:
            labels = [numbers[row["label"]] for row in part]
            splits[split] = entries([row["file"] for row in part], labels)
    if "train" not in splits:
        raise StudyError(
            f"{where} has no row whose split is train; without a column split all rows are divided"
        )
    if "test" not in splits:
        if "selection" in splits:
            raise StudyError(
                f"{where} has rows of the split selection, and none of test; it must have both"
            )
        splits = split_test(splits["train"], settings["seed"], path)
    listing = Listing([(name, name) for name in classes], splits, place)
    require_every_class(listing, path)
    return listing


def _table_name(names: list[str], path: Path) -> str:
    tables = [name for name in names if "/" not in name and name.lower().endswith(".csv")]
    if len(tables) != 1:
        raise StudyError(
            f"{path}: it holds {len(tables)} .csv files; there must be one, beside the pictures"
        )
    return tables[0]


def _rows(place: Place, table: str) -> list[dict[str, str]]:
    where = f"{place.path}: {table}"
    reader = csv.DictReader(io.StringIO(place.text(table), newline=""), restkey="", restval="")
    try:
        columns, rows = reader.fieldnames or [], list(reader)
    except csv.Error as error:
        raise StudyError(f"{where}: line {reader.line_num + 1} is no CSV ({error})") from None
    for cell in (*columns, *(row[column] for row in rows for column in columns)):
        require_printable(cell, where)
    for column in ("file", "label"):
        if column not in columns:
            raise StudyError(
                f"{where} has the columns {', '.join(columns) or 'none'}; its first line must be "
                "file,label or file,label,split"
            )
    if not rows:
        raise StudyError(f"{where} names no picture; each line below the first must name one")
    for row in rows:
        if not row["file"] or not row["label"]:
            raise StudyError(
                f"{where} has the line {list(row.values())}; file and label are needed"
            )
        if row.get("split", "train") not in LABELLED:
            raise StudyError(
                f"{where} gives {row['file']} the split '{row['split']}'; "
                f"it must be one of {', '.join(LABELLED)}"
            )
    return rows


def _require_files(rows: list[dict[str, str]], names: set[str], where: str) -> None:
    missing = [row["file"] for row in rows if row["file"] not in names]
    if missing:
        raise StudyError(
            f"{where} names {missing[0]}, which is not there ({len(missing)} of {len(rows)} are "
            "missing); each must be a path from the table's folder"
        )
    seen = set()
    for row in rows:
        if row["file"] in seen:
            raise StudyError(f"{where} names {row['file']} twice; each picture has one line")
        seen.add(row["file"])
