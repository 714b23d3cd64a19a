"""Text in figures."""

import textwrap

from imagestudy import latex

WIDTH = 26


def plain(text: str) -> str:
    """`text` as a figure shows it: no mathematics; what the fonts lack as its code, [U+4E2D].

    The same characters are printable as in the report's text.
    """
    shown = "".join(
        character if latex.printable(character) else f"[U+{ord(character):04X}]"
        for character in " ".join(text.split())
    ).replace("$", r"\$")
    # A legend leaves out what begins so.
    return f" {shown}" if shown.startswith("_") else shown


def legend_height(entries: int, columns: int) -> float:
    """What a legend of so many `wrapped` entries needs, in inches."""
    return 0.27 * -(-entries // columns)


def first(title: str, width: int) -> str:
    """The first of a class's names, on at most two lines of `width`."""
    return wrapped(title.split(",")[0], width)


def wrapped(title: str, width: int = WIDTH) -> str:
    """`title` on at most two lines of `width`, a legend's if nothing else is said."""
    lines = textwrap.wrap(plain(title), width) or [""]
    return "\n".join(lines if len(lines) <= 2 else [lines[0], lines[1][: width - 1] + "…"])
