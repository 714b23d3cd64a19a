"""Compile the report's LaTeX source, from scratch: a killed LaTeX leaves half-written files."""

import os
import subprocess

from imagestudy.jobs import logged

LATEXMK = ["latexmk", "-gg", "-cd", "-pdf", "-interaction=nonstopmode", "-halt-on-error"]

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        subprocess.run(
            [*LATEXMK, "-no-shell-escape", snakemake.input.report],
            env=os.environ | {"SOURCE_DATE_EPOCH": "0"},
            check=True,
        )
