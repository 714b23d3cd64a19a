"""Draw test accuracy against what a run costs."""

from matplotlib import style

from imagestudy.evidence import Evidence, summary_frame
from imagestudy.figures.results import cost
from imagestudy.figures.saving import save
from imagestudy.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]), style.context(snakemake.input.style):
        evidence = Evidence.read(snakemake.params.settings, snakemake.input)
        figure = cost(summary_frame(evidence))
        save(figure, snakemake.output.figure, snakemake.output.preview)
