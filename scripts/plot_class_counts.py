"""Draw how many pictures each class has, in every data set."""

from pathlib import Path

from matplotlib import style

from imagestudy.figures.data import class_counts
from imagestudy.figures.frames import counts
from imagestudy.figures.saving import save
from imagestudy.jobs import logged
from imagestudy.results import read_record

if __name__ == "__main__":
    with logged(snakemake.log[0]), style.context(snakemake.input.style):
        datasets = [read_record(Path(path)) for path in snakemake.input.data]
        figure = class_counts(counts(datasets, snakemake.params.settings["datasets"]))
        save(figure, snakemake.output.figure, snakemake.output.preview)
