"""Declared pairs compared: as two methods, and as two networks on the same pictures."""

from imagestudy import latex, wording
from imagestudy.evidence import Evidence
from imagestudy.latex import LEFT, Table
from imagestudy.methods import SEARCHES, SEEDS, Methods, compare
from imagestudy.tables import links


def methods(evidence: Evidence) -> Table:
    """Each pair as methods: the difference over seeds or searches, and whether it is decided."""
    rows, rules, family = [], [], None
    for each in compare(evidence).values():
        if each.family != family:
            family = each.family
            rules.append(len(rows))
        sure = each.p_adjusted is not None
        rows.append(
            [
                _pair(evidence, each.pair),
                latex.signed(each.difference.mean),
                _interval(each.difference.low, each.difference.high),
                _over(each),
                latex.escape(wording.p_value(each.p_adjusted)) if sure else latex.MISSING,
                latex.MISSING if each.tested.effect is None else f"{each.tested.effect:.1f}",
                "yes" if each.equivalent else "not shown",
                rf"\textbf{{{each.outcome}}}",
            ]
        )
    headings = ["first and second", "difference", "interval", "over", "after Holm", "$d$"]
    headings += ["equivalent", "first is better"]
    return Table(f"{LEFT}rlllrll", headings, rows, rules=rules[1:])


def networks(evidence: Evidence) -> Table:
    """Each pair's networks of each seed, by the test pictures that only one gets right."""
    rows, rules, family = [], [], None
    for row in evidence.examined["pairs"]:
        if row["family"] != family:
            family = row["family"]
            rules.append(len(rows))
        rows.append(
            [
                _pair(evidence, (row["first"], row["second"])),
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
    headings = ["first and second", "seed", "only 1st", "only 2nd", "of", "difference", "interval"]
    align = f"{latex.left(44)}rrrrrllr"
    return Table(align, [*headings, "McNemar, Holm", "odds"], rows, (), rules[1:])


def _over(found: Methods) -> str:
    """What a difference was taken over; seeds too where searches are too few to be compared."""
    seeds, units = found.difference.seeds, found.units
    counted = {
        SEEDS: wording.plural(seeds, "seed"),
        SEARCHES: wording.plural(units, "search", "searches"),
    }
    few = found.unit == SEARCHES and found.difference.method != "Welch"
    return f"{counted[SEARCHES]}, {counted[SEEDS]}" if few else counted[found.unit]


def _pair(evidence: Evidence, pair: tuple[str, str]) -> str:
    one, other = (links.title(name, evidence.experiments[name]["title"]) for name in pair)
    return rf"{one} \emph{{and}} {other}"


def _interval(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return latex.MISSING
    ends = (wording.signed(min(max(end, -1), 1)) for end in (low, high))
    return latex.escape(f"[{', '.join(ends)}]")
