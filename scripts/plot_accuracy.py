"""Draw the accuracies of all experiments, the original's beside them."""

from matplotlib import style

from imagestudy.evidence import Evidence, summary_frame
from imagestudy.figures.results import accuracy_overview
from imagestudy.figures.saving import save
from imagestudy.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]), style.context(snakemake.input.style):
        evidence = Evidence.read(snakemake.params.settings, snakemake.input)
        figure = accuracy_overview(summary_frame(evidence))
        save(figure, snakemake.output.figure, snakemake.output.preview)
