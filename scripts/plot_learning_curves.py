"""Draw the learning curves of an experiment."""

from pathlib import Path

from matplotlib import style

from imagestudy.data import chance
from imagestudy.figures.frames import histories
from imagestudy.figures.learning import learning_curves
from imagestudy.figures.saving import save
from imagestudy.jobs import logged
from imagestudy.results import read_record, read_summary

if __name__ == "__main__":
    with logged(snakemake.log[0]), style.context(snakemake.input.style):
        summary = read_summary(Path(snakemake.input.summary))
        data = read_record(Path(snakemake.input.data))
        figure = learning_curves(
            histories(summary),
            {run["seed"]: run["best_epoch"] for run in summary["runs"]},
            chance(data),
        )
        save(figure, snakemake.output.figure, snakemake.output.preview)
