"""Draw the networks that searches found and experiments trained again."""

from pathlib import Path

from matplotlib import style

from imagestudy.figures.networks import drawn
from imagestudy.figures.saving import save
from imagestudy.jobs import logged
from imagestudy.results import read_json

if __name__ == "__main__":
    with logged(snakemake.log[0]), style.context(snakemake.input.style):
        results = [read_json(Path(path)) for path in snakemake.input.summaries]
        figure = drawn({each["title"]: each["network"] for each in results if each["network"]})
        save(figure, snakemake.output.figure, snakemake.output.preview)
