"""Write a prepared data set as a table beside one folder of pictures."""

from pathlib import Path

from imagestudy.datasets.exports import export_csv
from imagestudy.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        export_csv(Path(snakemake.input.data).parent, Path(snakemake.output.folder))
