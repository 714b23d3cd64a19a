"""Tables that compare: with the original, and AutoKeras with building by hand."""

from collections.abc import Callable
from typing import Any

from imagestudy import conclusions, latex
from imagestudy.evidence import Evidence
from imagestudy.latex import Table
from imagestudy.replication import verdicts
from imagestudy.tables.summary import LEFT


def replication(evidence: Evidence) -> Table:
    """The verdict on each published cell."""
    rows, rules, before = [], [], None
    for each in verdicts(evidence):
        if before not in (None, each.experiment):
            rules.append(len(rows))
        shown = "" if before == each.experiment else evidence.experiments[each.experiment]["title"]
        before = each.experiment
        rows.append(
            [
                latex.title(shown),
                each.cell,
                each.theirs,
                latex.accuracy(each.ours),
                latex.interval(each.low, each.high),
                latex.signed(each.difference),
                f"{each.verdict}: {latex.escape(each.reason)}",
            ]
        )
    headings = ["experiment", "cell", "theirs", "ours", "interval", "diff.", "verdict"]
    align = rf"@{{}}>{{\raggedright\arraybackslash}}p{{26mm}}lllll{LEFT}@{{}}"
    return Table(align, headings, rows, rules=rules)


def by_hand_original(evidence: Evidence) -> Table:
    """AutoKeras against building by hand, as the original's table has it."""
    rows = [
        [latex.escape(row[key]) for key in ("aspect", "autokeras", "hand")]
        for row in evidence.original["by_hand"]
    ]
    align = rf"@{{}}>{{\raggedright\arraybackslash}}p{{30mm}}{LEFT}{LEFT}@{{}}"
    return Table(align, ["aspect", "AutoKeras", "by hand"], rows)


def by_hand_measured(evidence: Evidence) -> Table:
    """The same comparison, measured: what each search spent and what it found."""
    found = [evidence.with_proposer(proposer) for proposer in ("autokeras", "hand")]
    rows = [
        [label, *(latex.MISSING if name is None else cell(evidence, name) for name in found)]
        for label, cell in MEASURED
    ]
    align = f"@{{}}{LEFT}ll@{{}}"
    return Table(align, ["measured here", "AutoKeras", "by hand"], rows)


def _search(key: str, shown: Callable[[Any], str]) -> Callable[[Evidence, str], str]:
    return lambda evidence, name: shown(evidence.experiments[name]["search"][key])


def _network(key: str, shown: Callable[[Any], str]) -> Callable[[Evidence, str], str]:
    return lambda evidence, name: shown((evidence.experiments[name]["network"] or {}).get(key))


def _accuracy(metric: str) -> Callable[[Evidence, str], str]:
    def cell(evidence: Evidence, name: str) -> str:
        found = evidence.estimate(name, metric)
        return latex.spread(found.mean, found.spread)

    return cell


def _retraining(evidence: Evidence, name: str) -> str:
    return latex.duration(evidence.experiments[name]["device_seconds"]["mean"])


def _seeds(evidence: Evidence, name: str) -> str:
    return str(evidence.estimate(name, "test_top1").seeds)


MEASURED: tuple[tuple[str, Callable[[Evidence, str], str]], ...] = (
    ("trials", _search("trials", latex.count)),
    ("trials that completed", _search("completed", latex.count)),
    ("candidates that a person declared", _search("declared_candidates", latex.count)),
    ("device time of the search", _search("device_seconds", latex.duration)),
    ("wall-clock time of the trials, one after another", _search("seconds", latex.duration)),
    ("best selection accuracy among the trials", _search("score", latex.accuracy)),
    ("parameters of the network found", _network("parameters", latex.count)),
    ("layers", _network("layers", latex.count)),
    ("layers with a kernel", _network("weight_layers", latex.count)),
    ("floating-point operations for a picture", _network("flops", latex.big)),
    ("device time of training it again", _retraining),
    ("its selection accuracy", _accuracy("selection_top1")),
    ("its test accuracy", _accuracy("test_top1")),
    ("seeds", _seeds),
)


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
    return Table(f"@{{}}{LEFT}lr{LEFT}rr@{{}}", headings, rows)


def _counted(statuses: dict[str, int]) -> str:
    return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in statuses.items())


def claims(evidence: Evidence) -> Table:
    """Every claim with its verdict and the evidence."""
    rows = [
        [
            latex.title(each.claim),
            rf"\textbf{{{each.verdict}}}",
            latex.title(f"{each.sentence} ({each.evidence})."),
        ]
        for each in conclusions.claims(evidence)
    ]
    align = "@{}" + "".join(
        rf">{{\raggedright\arraybackslash}}p{{{width}mm}}" for width in (42, 22, 74)
    )
    headings = ["the original's claim", "verdict", "what this study finds"]
    return Table(align + "@{}", headings, rows, rules=range(1, len(rows)))
