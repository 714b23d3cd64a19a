"""Tables that compare with the original: its published cells, what is believable, its claims."""

from imagestudy import latex
from imagestudy.argument import claims
from imagestudy.claims import Claim
from imagestudy.evidence import Evidence
from imagestudy.latex import LEFT, Table
from imagestudy.plausibility import anchored
from imagestudy.repeated import CELLS
from imagestudy.replication import verdicts
from imagestudy.tables import links


def replication(evidence: Evidence) -> Table:
    """The verdict on each published cell."""
    rows, rules, before = [], [], None
    for each in verdicts(evidence):
        if before != each.experiment:
            rules.append(len(rows))
            title = evidence.experiments[each.experiment]["title"]
            shown = links.title(each.experiment, title)
            rows.append([rf"\multicolumn{{7}}{{@{{}}l}}{{\emph{{{shown}}}}}"])
        before = each.experiment
        running = evidence.estimate(each.experiment, "running_train_top1").mean
        ours = [
            latex.accuracy(each.ours),
            latex.interval(each.low, each.high),
            latex.accuracy(running) if each.cell == "train" else "",
            latex.signed(each.difference),
        ]
        rows.append(
            [
                each.cell,
                each.theirs,
                *(links.cell(each.experiment, shown) for shown in ours),
                f"{each.verdict}: {latex.escape(each.reason)}",
            ]
        )
    headings = ["cell", "theirs", "ours", "interval", "running", "difference", "verdict"]
    return Table(f"llllll{LEFT}", headings, rows, rules=rules[1:])


def anchors(evidence: Evidence) -> Table:
    """What is believable of each experiment, and where its test accuracy lies."""
    rows = []
    for each in anchored(evidence):
        experiment = evidence.experiments[each.experiment]
        bars = experiment["role"] == "modern"
        rows.append(
            [
                links.title(each.experiment, experiment["title"]),
                links.cell(each.experiment, latex.accuracy(each.ours)),
                latex.accuracy(each.anchor["must_beat"]) if bars else latex.MISSING,
                latex.accuracy(each.anchor["target"]) if bars else latex.MISSING,
                latex.accuracy(each.anchor["cannot_be_true"]),
                latex.escape(each.label or "plausible"),
                latex.escape(each.anchor["source"]),
            ]
        )
    headings = ["experiment", "test", "must beat", "target", "at most", "label", "source"]
    align = f"{latex.left(30)}rrrr{latex.left(20)}{LEFT}"
    return Table(align, headings, rows)


def _in_numbers(claim: Claim) -> str:
    found = claim.measured + claim.besides
    return rf" {{\color{{black!65}}In numbers: {latex.title(found)}.}}" if found else ""


def all_claims(evidence: Evidence) -> Table:
    """Every claim with its outcome and the evidence; each row can be linked to.

    But for those of the published cells, which the table of replication has.
    """
    made = [each for each in claims(evidence) if not each.name.startswith(CELLS)]
    stated = any(each.statement for each in made)
    rows = [
        [
            links.target("claim", each.name)
            + (latex.title(each.statement) if each.statement else r"\emph{this study's own}"),
            rf"\textbf{{{each.outcome}}}",
            rf"{latex.title(each.sentence + each.aside)}.{_in_numbers(each)}",
        ]
        for each in made
    ]
    align = "".join(latex.left(width) for width in (38, 20, 86))
    first = "the original's claim" if stated else "claim"
    headings = [first, "outcome", "what this study finds, and on what evidence"]
    return Table(align, headings, rows, rules=range(1, len(rows)))
