"""Names made to do harm; as titles, authors, classes, files and folders they must do nothing."""

from imagestudy import latex

HARM = [
    r"\input{/etc/passwd}",
    r"\immediate\write18{touch touched} \end{document}",
    "$(touch touched) `touch touched`; touch touched & x | y > touched",
    "^^5cinput{/etc/passwd}",
    "a_b%c&d#",
    "中文",
    "[1pt] *",
    "* first",
    "../../x",
    "😀",
    "</script><script>alert(1)</script>",
    "{{ snakemake.input }} {x} << study >> <% x %>",
    "[a](javascript:alert(1)) | **b**",
    "$x^2$",
    "_hidden",
    "=1+1",
    "x" * 300,
    "'' ``quoted'' --no-x ?` !`",
]
FOLDER = r"own pictures $(touch touched) & a_b%c# \input 中😀"
CLASSES = ("cats & dogs", "50%_grey", "#3", *HARM)


def place(name: str) -> str:
    """The folder of a class: its name, as far as a path can have it."""
    parts = name.replace("..", "dots").split("/")
    return "/".join(part[:200] for part in parts if part) + " pictures"


def printed(text: str) -> str:
    """`text` as the report prints it."""
    return "".join(
        each if latex.printable(each) else f"[U+{ord(each):04X}]" for each in " ".join(text.split())
    )
