"""Draw the accuracy on each class of a data set, and what its best network confuses."""

from pathlib import Path

from matplotlib import style

from imagestudy.figures.frames import by_class
from imagestudy.figures.pictures import classes
from imagestudy.figures.saving import save
from imagestudy.jobs import logged
from imagestudy.results import read_json

if __name__ == "__main__":
    with logged(snakemake.log[0]), style.context(snakemake.input.style):
        data = read_json(Path(snakemake.input.data))
        table, matrix = by_class(
            read_json(Path(snakemake.input.examination)),
            snakemake.wildcards.dataset,
            snakemake.params.settings["experiments"],
        )
        figure = classes(table, matrix, [each["title"] for each in data["classes"]])
        save(figure, snakemake.output.figure, snakemake.output.preview)
