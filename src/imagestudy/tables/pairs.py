"""Declared pairs compared: as two methods, and as two networks on the same pictures."""

from imagestudy import latex, wording
from imagestudy.evidence import Evidence
from imagestudy.latex import LEFT, Table
from imagestudy.methods import Methods, compare
from imagestudy.tables import links


def methods(evidence: Evidence) -> Table:
    """Each pair as methods: the difference over seeds or searches, and whether it is decided."""
    headings = ["difference", "interval", "over", "after Holm", "effect", "equivalent"]
    headings.append("first better")
    rows, rules = [], []
    for each in compare(evidence).values():
        rules.append(len(rows))
        rows.append([_pair(evidence, each.family, each.pair, len(headings))])
        rows.append(
            [
                latex.signed(each.difference.mean),
                _interval(each.difference.low, each.difference.high),
                latex.escape(each.over),
                latex.escape(wording.p_value(each.p_adjusted)),
                _effect(each),
                "yes" if each.equivalent else "not shown",
                rf"\textbf{{{each.outcome}}}",
            ]
        )
    return Table(f"ll{LEFT}lrll", headings, rows, rules=rules[1:])


def networks(evidence: Evidence) -> Table:
    """Each pair's networks of each seed, by the test pictures that only one gets right."""
    headings = ["seed", "only 1st", "only 2nd", "of", "difference", "interval", "after Holm"]
    headings.append("odds")
    rows, rules, before = [], [], None
    for row in evidence.examined["pairs"]:
        pair = (row["first"], row["second"])
        if before != (row["family"], *pair):
            rules.append(len(rows))
            rows.append([_pair(evidence, row["family"], pair, len(headings))])
        before = (row["family"], *pair)
        rows.append(
            [
                str(row["seed"]),
                latex.count(row["only_first"]),
                latex.count(row["only_second"]),
                latex.count(row["pictures"]),
                latex.signed(row["difference"]),
                _interval(row["low"], row["high"]),
                latex.escape(wording.p_value(row["p_adjusted"])),
                latex.MISSING if row["odds"] is None else f"{row['odds']:.2f}",
            ]
        )
    return Table("rrrrlllr", headings, rows, rules=rules[1:], together=True)


def _effect(found: Methods) -> str:
    effect = found.tested.effect
    return latex.MISSING if effect is None else f"${found.effect_name}={effect:.1f}$"


def _pair(evidence: Evidence, family: str, pair: tuple[str, str], columns: int) -> str:
    one, other = (links.title(name, evidence.experiments[name]["title"]) for name in pair)
    text = rf"{one} \emph{{and}} {other} ({latex.title(family)})"
    return rf"\multicolumn{{{columns}}}{{@{{}}p{{\linewidth}}@{{}}}}{{{text}}}"


def _interval(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return latex.MISSING
    ends = (wording.signed(min(max(end, -1), 1)) for end in (low, high))
    return latex.escape(f"[{', '.join(ends)}]")
