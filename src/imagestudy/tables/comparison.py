"""Tables that compare with the original: its published cells and its claims."""

from imagestudy import conclusions, latex
from imagestudy.evidence import Evidence
from imagestudy.latex import LEFT, Table
from imagestudy.replication import verdicts


def replication(evidence: Evidence) -> Table:
    """The verdict on each published cell."""
    rows, rules, before = [], [], None
    for each in verdicts(evidence):
        if before != each.experiment:
            rules.append(len(rows))
            shown = latex.title(evidence.experiments[each.experiment]["title"])
            rows.append([rf"\multicolumn{{6}}{{@{{}}l}}{{\emph{{{shown}}}}}"])
        before = each.experiment
        rows.append(
            [
                each.cell,
                each.theirs,
                latex.accuracy(each.ours),
                latex.interval(each.low, each.high),
                latex.signed(each.difference),
                f"{each.verdict}: {latex.escape(each.reason)}",
            ]
        )
    headings = ["cell", "theirs", "ours", "interval", "difference", "verdict"]
    return Table(f"lllll{LEFT}", headings, rows, rules=rules[1:])


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
    align = "".join(latex.left(width) for width in (42, 23, 79))
    headings = ["the original's claim", "verdict", "what this study finds"]
    return Table(align, headings, rows, rules=range(1, len(rows)))
