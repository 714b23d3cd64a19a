"""Compile the report's LaTeX source, from scratch: a killed LaTeX leaves half-written files."""

import os
import subprocess

from imagestudy.jobs import logged

LATEXMK = ["latexmk", "-gg", "-cd", "-pdf", "-interaction=nonstopmode", "-halt-on-error"]
LATEXMK += ["-no-shell-escape"]
# The same input gives the same bytes; LaTeX reads and writes nothing but below the report's folder.
SETTINGS = {"SOURCE_DATE_EPOCH": "0", "openin_any": "p", "openout_any": "p"}

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        subprocess.run([*LATEXMK, snakemake.input.report], env=os.environ | SETTINGS, check=True)
