"""What every search declared, tried and spent."""

import json
from typing import Any

import pandas as pd

from imagestudy import latex
from imagestudy.evidence import Evidence
from imagestudy.latex import LEFT, Table
from imagestudy.search import declaration
from imagestudy.tables import links


def searches(evidence: Evidence) -> Table:
    """What every search tried, spent and found; the baselines included."""
    rows = []
    for name, found in evidence.best.items():
        for best in found:
            ledger = evidence.ledgers[name]
            ledger = ledger[ledger["seed"] == best["seed"]]
            statuses = ledger["status"].value_counts()
            cells = [
                latex.title(evidence.study["searches"][name]["title"]),
                latex.escape(_proposer(best, evidence.study["searches"][name], ledger)),
                str(best["seed"]),
                str(best["trials"]),
                latex.escape(_counted(statuses.to_dict())),
                latex.duration(best["device_seconds"]),
                latex.accuracy(best["score"]),
            ]
            rows.append([links.trials(name, shown) for shown in cells])
    headings = ["search", "proposer", "seed", "trials", "of these", "device time", "best selection"]
    return Table(f"{LEFT}lrr{LEFT}rr", headings, rows)


def _proposer(best: dict[str, Any], search: dict[str, Any], ledger: pd.DataFrame) -> str:
    if not best["oracle"]:
        return best["proposer"]
    points = search["initial_points"]
    drawn = f", {_drawn(ledger, points)} of {best['trials']} at random" if points else ""
    return f"{best['proposer']} ({best['oracle']}{drawn})"


def _drawn(ledger: pd.DataFrame, points: int) -> int:
    """How many trials were put forward before so many had a score: those, at random."""
    tried = ledger[ledger["status"] != "skipped"]
    scored = tried["score"].notna().groupby(tried["round"]).sum()
    before = scored.cumsum().shift(fill_value=0)
    return int((tried["round"].map(before) < points).sum())


def _counted(statuses: dict[str, int]) -> str:
    return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in statuses.items())


def budgets(evidence: Evidence) -> Table:
    """What every search might spend, and every trial of it."""
    rows = []
    for search in evidence.study["searches"].values():
        budget = search["budget"]
        trial = budget["training"]
        rows.append(
            [
                latex.title(search["title"]),
                f"{budget['rounds']} × {budget['trials_per_round']}",
                latex.duration(budget["device_seconds"]),
                str(trial["epochs"]),
                latex.count(trial["pictures"]),
                latex.big(trial["flops"]),
                latex.duration(trial["seconds"]),
                latex.big(trial["max_parameters"]),
                latex.count(trial["memory_mb"]),
            ]
        )
    headings = ["search", "trials", "device", "epochs", "pictures", "operations", "time"]
    return Table(f"{LEFT}lrrrrrrr", [*headings, "parameters", "MB"], rows)


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
    rows, rules, linked = [], [], set()
    for name, ledger in evidence.ledgers.items():
        title = latex.title(evidence.study["searches"][name]["title"])
        for seed, trials_of_seed in ledger.astype(object).groupby("seed"):
            rules.append(len(rows))
            which = title if ledger["seed"].nunique() == 1 else f"{title}, seed {seed}"
            target = "" if name in linked else links.target("search", name)
            linked.add(name)
            rows += _trials(target + which, trials_of_seed)
    headings = ["search", "trial", "what", "layers", "param.", "status", "score", "device"]
    align = latex.left(20) + "l" + latex.left(42) + "rr" + latex.left(20) + "rr"
    return Table(align, headings, rows, rules=rules[1:])


def _trials(title: str, ledger: pd.DataFrame) -> list[list[str]]:
    """A row for each trial; neighbours that were skipped for the same reason share one."""
    rows, first = [], None
    for number, row in enumerate(ledger.to_dict("records")):
        known = {key: None if _is_nan(value) else value for key, value in row.items()}
        ended = _ended(known)
        if known["status"] == "skipped" and rows and rows[-1][5] == latex.escape(ended):
            rows[-1][1] = f"{first}--{known['round']}.{known['trial']}"
            continue
        first = f"{known['round']}.{known['trial']}"
        rows.append(
            [
                title if number == 0 else "",
                first,
                tried(known),
                latex.count(known["layers"]),
                latex.big(known["parameters"]),
                latex.escape(ended),
                latex.accuracy(known["score"]),
                latex.duration(known["device_seconds"]),
            ]
        )
    return rows


def _ended(row: dict[str, Any]) -> str:
    """The status, and the kind of reason for one that did not complete."""
    return row["status"] + (f": {row['error'].partition(':')[0]}" if row["error"] else "")


def tried(row: dict[str, Any]) -> str:
    """What a trial tried: all of a candidate by hand, else what names an AutoKeras network."""
    declared = json.loads(row["hyperparameters"])
    if row["proposer"] == "hand":
        values = {**declared["network"], **declared["training"]}
    else:
        block = {k.rpartition("/")[2]: v for k, v in declared.items() if k.endswith("block_type")}
        rest = {key: row[key] for key in ("optimizer", "learning_rate")}
        values = {**block, **_filters(declared), **rest}
    shown = [f"{key.replace('_', ' ')} {_plain(value)}" for key, value in values.items()]
    return latex.escape("; ".join(shown)) if row["status"] != "skipped" else latex.MISSING


def _filters(declared: dict[str, Any]) -> dict[str, list[int]]:
    """The numbers of filters of AutoKeras's plain convolutional block, layer by layer."""
    named = {key.rpartition("/")[2]: value for key, value in declared.items()}
    blocks, layers = (range(named.get(f"num_{each}", 0)) for each in ("blocks", "layers"))
    found = [named[f"filters_{block}_{layer}"] for block in blocks for layer in layers]
    return {"filters": found} if found else {}


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and value != value
