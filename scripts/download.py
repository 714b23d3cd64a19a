"""Fetch one official file; it appears only when its checksum is right."""

from pathlib import Path

from imagestudy.download import download
from imagestudy.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        download(
            snakemake.params.url,
            Path(snakemake.output.file),
            snakemake.params.md5,
            snakemake.params.size,
        )
