"""Puts a finished study into published/SCALE, and its table and pictures of pages into README.md.

usage: python envs/publish.py SCALE [PAGE ...]   pages of the report to be pictured (needs pdftoppm)
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

BEGIN, END = "<!-- results:begin -->", "<!-- results:end -->"
DOTS_PER_INCH = 60
PUBLISHED = ("bundle.zip", "report.pdf", "summary.csv", "claims.json")


def main(scale: str, pages: list[int]) -> None:
    """Copy, picture and enter."""
    results, folder, readme = Path("results", scale), Path("published", scale), Path("README.md")
    if scale == "demo":
        raise SystemExit("the demo's pictures are made up: publish SCALE=cpu or SCALE=full")
    missing = [n for n in (*PUBLISHED, "summary.md") if not (results / n).exists()]
    if missing:
        raise SystemExit(f"{results / missing[0]} is missing; let the study and `make bundle` end")
    if pages and not shutil.which("pdftoppm"):
        raise SystemExit("pdftoppm is missing; on Debian: apt-get install poppler-utils")
    summary = (results / "summary.md").read_text(encoding="utf-8")
    text = entered(readme.read_text(encoding="utf-8"), block(summary, folder, pages))
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("page-*.png"):
        old.unlink()
    for name in PUBLISHED:
        shutil.copyfile(results / name, folder / name)
    for page in pages:
        number = str(page)
        where = ["-f", number, "-l", number, folder / "report.pdf", folder / f"page-{number}"]
        subprocess.run(
            ["pdftoppm", "-png", "-singlefile", "-r", str(DOTS_PER_INCH), *where], check=True
        )
    readme.write_text(text, encoding="utf-8")


def block(summary: str, folder: Path, pages: list[int]) -> str:
    """What README.md shows of the study in `folder`."""
    pictures = [f"![Page {page} of the report]({folder}/page-{page}.png)" for page in pages]
    links = f"The whole report: [{folder}/report.pdf]({folder}/report.pdf)."
    return "\n".join([summary.strip(), "", links, "", *pictures])


def entered(readme: str, found: str) -> str:
    """`readme` with `found` between its two marks."""
    marks = f"{BEGIN}.*{END}"
    if len(re.findall(marks, readme, flags=re.DOTALL)) != 1:
        raise SystemExit(f"README.md must have {BEGIN} and {END} once each")
    return re.sub(marks, lambda _: f"{BEGIN}\n{found}\n{END}", readme, flags=re.DOTALL)


if __name__ == "__main__":
    main(sys.argv[1], [int(page) for page in sys.argv[2:]])
