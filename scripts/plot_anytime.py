"""Draw the best score of each search so far against what it has cost."""

from matplotlib import style

from imagestudy.figures.frames import trials
from imagestudy.figures.results import anytime
from imagestudy.figures.saving import save
from imagestudy.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]), style.context(snakemake.input.style):
        figure = anytime(trials(snakemake.input.ledgers, snakemake.params.settings["searches"]))
        save(figure, snakemake.output.figure, snakemake.output.preview)
