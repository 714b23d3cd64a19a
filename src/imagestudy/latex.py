"""Text, numbers and tables as LaTeX."""

import functools
import json
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from imagestudy import wording

SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "^": r"\textasciicircum{}",
    "_": r"\_",
    "%": r"\%",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    # At the start of a row these would belong to the end of the one before.
    "[": "{[}",
    "*": "{*}",
    '"': r"\textquotedbl{}",
    "\t": " ",
    "\n": " ",
    "\r": " ",
    "×": r"\texttimes{}",
    "±": r"\textpm{}",
    "°": r"\textdegree{}",
    "–": "--",
    "—": "---",
    "‘": "`",
    "’": "'",
    "“": "``",
    "”": "''",
    "…": r"\dots{}",
    "−": r"\textminus{}",
    "\u202f": r"\,",
    "\u00a0": "~",
}
# What Latin Modern has in the T1 encoding: ASCII, and the letters of Latin-1 and Latin Extended-A.
PRINTABLE = re.compile(r"[ -~À-ÖØ-öø-ÿĂ-ćČ-đĘ-ěĞğĹ-ĺĽľŁ-ńŇňŊŋŐ-ŕŘ-śŞ-şŠ-ťŮ-űŸ-ž]")
# Between characters that would become one: two hyphens a dash, `?` and a grave accent another sign.
LIGATURE = re.compile("(?<=-)(?=-)|(?<=')(?=')|(?<=,)(?=,)|(?<=[`?!])(?=`)")
# All space but what keeps a number and its unit on one line.
BREAKABLE_SPACE = re.compile("[^\\S\u202f\u00a0]+")
LONGEST_WORD = 18
LEFT = r">{\raggedright\arraybackslash}X"
FILLED = r"@{\extracolsep{\fill}}"


class Table(NamedTuple):
    """A table whose headings and cells are LaTeX already.

    `align` is LaTeX's column specification, without `@{}` at its ends; columns X share what is
    left of the text's width, without them the gaps do. `groups` are (heading, number of columns)
    over the headings; `rules` are row numbers with a thin line before them. With `together`, no
    page ends between two such lines.
    """

    align: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    groups: Sequence[tuple[str, int]] = ()
    rules: Sequence[int] = ()
    together: bool = False


def left(millimetres: int) -> str:
    """A column of this width whose text is not justified."""
    return rf">{{\raggedright\arraybackslash}}p{{{millimetres}mm}}"


def escape(value: Any) -> str:
    """`value` as LaTeX text; a character that the fonts lack as its code, such as [U+4E2D]."""
    return "{}".join("".join(map(_character, part)) for part in LIGATURE.split(str(value)))


def printable(character: str) -> bool:
    """Whether the fonts of the report have the character."""
    return character in SPECIAL or PRINTABLE.fullmatch(character) is not None


def _character(character: str) -> str:
    if character in SPECIAL:
        return SPECIAL[character]
    if printable(character):
        return character
    return f"{{[}}U+{ord(character):04X}]"


def breakable(value: Any, every: int = 8) -> str:
    """Like `escape`, with places to break a long name: after punctuation and `every` letters."""
    parts, since = [], 0
    for character in str(value):
        parts.append(_character(character))
        since = 0 if character.isspace() else since + 1
        if since and (not character.isalnum() or since >= every):
            parts.append(r"\allowbreak{}")
            since = 0
    return "".join(parts)


def title(value: Any) -> str:
    """Like `escape`; words too long for a line can break."""
    words = BREAKABLE_SPACE.split(str(value).strip())
    return " ".join(breakable(word) if len(word) > LONGEST_WORD else escape(word) for word in words)


def code(value: Any) -> str:
    """A name or a value in the typewriter face, breakable."""
    return rf"\texttt{{{breakable(value)}}}"


def setting(value: Any) -> str:
    """A value from the settings as a person would write it in YAML."""
    text = json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else value
    return code(text)


def numbers(word: Callable[..., str]) -> Callable[..., str]:
    """A function of `imagestudy.wording` with its text as LaTeX."""
    return functools.wraps(word)(lambda *arguments: escape(word(*arguments)))


accuracy = numbers(wording.accuracy)
spread = numbers(wording.spread)
interval = numbers(wording.interval)
signed = numbers(wording.signed)
count = numbers(wording.count)
big = numbers(wording.big)
duration = numbers(wording.duration)
MISSING = escape(wording.MISSING)


def tabular(table: Table) -> str:
    """The table in the text's width, ruled as booktabs wants it."""
    kind, spaced = ("tabularx", "") if "X" in table.align else ("tabular*", FILLED)
    align = rf"@{{}}{spaced}{table.align}@{{}}"
    lines = [rf"\begin{{{kind}}}{{\linewidth}}{{{align}}}", r"\toprule", *_head(table)]
    for number, row in enumerate(table.rows):
        if number in table.rules:
            lines.append(r"\midrule")
        lines.append(" & ".join(row) + r" \\")
    return "\n".join([*lines, r"\bottomrule", rf"\end{{{kind}}}", ""])


def longtable(table: Table) -> str:
    """The table as a `longtable*`, for those that do not fit a page; it has no X columns."""
    head = _head(table)
    align = rf"@{{}}{FILLED}{table.align}@{{}}"
    lines = [rf"\begin{{longtable*}}{{{align}}}", r"\toprule", *head, r"\endfirsthead"]
    lines += [r"\toprule", *head, r"\endhead", r"\bottomrule", r"\endfoot"]
    for number, row in enumerate(table.rows):
        if number in table.rules:
            lines.append(r"\midrule")
        kept = table.together and number + 1 < len(table.rows) and number + 1 not in table.rules
        lines.append(" & ".join(row) + (r" \\*" if kept else r" \\"))
    return "\n".join([*lines, r"\end{longtable*}", ""])


def _head(table: Table) -> list[str]:
    lines = []
    if table.groups:
        cells, rules, column = [], [], 1
        for heading, width in table.groups:
            cells.append(rf"\multicolumn{{{width}}}{{c}}{{{heading}}}")
            if heading:
                rules.append(rf"\cmidrule(lr){{{column}-{column + width - 1}}}")
            column += width
        lines += [" & ".join(cells) + r" \\", "".join(rules)]
    return [*lines, " & ".join(table.headings) + r" \\", r"\midrule"]
