"""Draw the test pictures of a data set that all networks miss, and those that only one gets."""

from pathlib import Path

from matplotlib import style

from imagestudy.figures.frames import errors
from imagestudy.figures.pictures import bands
from imagestudy.figures.saving import save
from imagestudy.jobs import logged
from imagestudy.results import read_json

if __name__ == "__main__":
    with logged(snakemake.log[0]), style.context(snakemake.input.style):
        examined = read_json(Path(snakemake.input.examination))["datasets"]
        shown = errors(
            examined.get(snakemake.wildcards.dataset),
            Path(snakemake.input.data).parent,
            snakemake.params.settings["experiments"],
        )
        save(bands(shown), snakemake.output.figure, snakemake.output.preview)
