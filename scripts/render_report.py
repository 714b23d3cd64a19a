"""Fill the report's template with the results, and lay its bibliography beside it."""

import shutil
from pathlib import Path

from imagestudy.evidence import Evidence
from imagestudy.jobs import logged
from imagestudy.report import render

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        evidence = Evidence.read(snakemake.params.settings, snakemake.input)
        Path(snakemake.output.report).write_text(render(evidence, Path(snakemake.input.template)))
        shutil.copyfile(snakemake.input.bibliography, snakemake.output.bibliography)
