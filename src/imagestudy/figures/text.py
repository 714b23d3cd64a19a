"""Text in figures."""

from imagestudy import latex


def plain(text: str) -> str:
    """`text` as a figure shows it: no mathematics; what the fonts lack as its code, [U+4E2D].

    The same characters are printable as in the report's text.
    """
    return "".join(
        character if latex.printable(character) else f"[U+{ord(character):04X}]"
        for character in text
    ).replace("$", r"\$")
