"""Draw how often the networks are right against how sure they are."""

from pathlib import Path

from matplotlib import style

from imagestudy.figures.frames import reliability
from imagestudy.figures.pictures import calibration
from imagestudy.figures.saving import save
from imagestudy.jobs import logged
from imagestudy.results import read_json

if __name__ == "__main__":
    with logged(snakemake.log[0]), style.context(snakemake.input.style):
        settings = snakemake.params.settings
        examined = read_json(Path(snakemake.input.examination))
        figure = calibration(reliability(examined, settings["datasets"], settings["experiments"]))
        save(figure, snakemake.output.figure, snakemake.output.preview)
