"""What every search declared, tried and spent."""

import json
from typing import Any

from imagestudy import latex
from imagestudy.evidence import Evidence
from imagestudy.latex import LEFT, Table
from imagestudy.search import declaration


def searches(evidence: Evidence) -> Table:
    """What every search tried, spent and found; the baselines included."""
    rows = []
    for name, best in evidence.best.items():
        ledger = evidence.ledgers[name]
        statuses = ledger["status"].value_counts()
        rows.append(
            [
                latex.escape(evidence.study["searches"][name]["title"]),
                latex.escape(best["proposer"]),
                str(best["trials"]),
                latex.escape(_counted(statuses.to_dict())),
                latex.duration(best["device_seconds"]),
                latex.accuracy(best["score"]),
            ]
        )
    headings = ["search", "proposer", "trials", "of these", "device time", "best selection"]
    return Table(f"{LEFT}lr{LEFT}rr", headings, rows)


def _counted(statuses: dict[str, int]) -> str:
    return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in statuses.items())


def spaces(evidence: Evidence) -> Table:
    """The spaces searched: every hyperparameter with its values, once for searches that share one.

    A value that nobody declared is as AutoKeras has it.
    """
    found: list[tuple[dict[str, Any], list[str]]] = []
    for search in evidence.study["searches"].values():
        space = search["declared"].get("space")
        if space is None:
            continue
        title = latex.title(search["title"])
        same = [titles for known, titles in found if known == space]
        same[0].append(title) if same else found.append((space, [title]))
    rows, rules = [], []
    for space, titles in found:
        rules.append(len(rows))
        rows.append([rf"\multicolumn{{4}}{{@{{}}l}}{{\emph{{{', '.join(titles)}}}}}"])
        rows += [_hyperparameter(row) for row in declaration.describe(space)]
    align = latex.left(40) + latex.left(64) + latex.left(18) + "l"
    headings = ["hyperparameter", "values", "default", "limited here"]
    return Table(align, headings, rows, rules=rules[1:])


def _hyperparameter(row: dict[str, Any]) -> list[str]:
    values = ", ".join(_plain(value) for value in row["values"])
    limited = "yes" if row["declared"] else ""
    return [
        latex.code(row["name"]),
        latex.code(values),
        latex.code(_plain(row["default"])),
        limited,
    ]


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def trials(evidence: Evidence) -> Table:
    """Every trial of every search; the candidates by hand with all that was declared of them."""
    rows, rules = [], []
    for name, ledger in evidence.ledgers.items():
        rules.append(len(rows))
        for number, row in enumerate(ledger.astype(object).to_dict("records")):
            known = {key: None if _is_nan(value) else value for key, value in row.items()}
            title = latex.title(evidence.study["searches"][name]["title"])
            rows.append(
                [
                    title if number == 0 else "",
                    f"{known['round']}.{known['trial']}",
                    _tried(known),
                    latex.count(known["layers"]),
                    latex.big(known["parameters"]),
                    latex.escape(known["status"].replace("_", " ")),
                    latex.accuracy(known["score"]),
                    latex.duration(known["device_seconds"]),
                ]
            )
    headings = ["search", "trial", "what", "layers", "param.", "status", "score", "device"]
    align = latex.left(20) + "l" + latex.left(50) + "rrlrr"
    return Table(align, headings, rows, rules=rules[1:])


def _tried(row: dict[str, Any]) -> str:
    """What a trial tried: all of a candidate by hand, else optimizer, learning rate and block."""
    declared = json.loads(row["hyperparameters"])
    if row["proposer"] == "hand":
        values = {**declared["network"], **declared["training"]}
    else:
        block = {k.rpartition("/")[2]: v for k, v in declared.items() if k.endswith("block_type")}
        values = {**block, **{key: row[key] for key in ("optimizer", "learning_rate")}}
    shown = [f"{key.replace('_', ' ')} {_plain(value)}" for key, value in values.items()]
    return latex.escape("; ".join(shown)) if row["status"] != "skipped" else latex.MISSING


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and value != value
