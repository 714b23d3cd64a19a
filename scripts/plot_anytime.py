"""Draw the best score of each search so far against what it has cost."""

from matplotlib import style

from imagestudy.figures.frames import leads, ledgers, trials
from imagestudy.figures.results import anytime
from imagestudy.figures.saving import save
from imagestudy.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]), style.context(snakemake.input.style):
        settings = snakemake.params.settings
        found = ledgers(snakemake.input.ledgers, settings["searches"])
        blocks = (settings["searches"], settings["datasets"])
        figure = anytime(trials(found, *blocks), leads(found, *blocks))
        save(figure, snakemake.output.figure, snakemake.output.preview)
