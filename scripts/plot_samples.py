"""Draw sample pictures of a data set, with their boxes."""

from pathlib import Path

from matplotlib import style

from imagestudy.figures.data import sample_pictures
from imagestudy.figures.frames import samples
from imagestudy.figures.saving import save
from imagestudy.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]), style.context(snakemake.input.style):
        figure = sample_pictures(*samples(Path(snakemake.input.data).parent))
        save(figure, snakemake.output.figure, snakemake.output.preview)
