"""Unpack a study, refusing files that are not what was packed."""

from pathlib import Path

from imagestudy.bundle import open_bundle
from imagestudy.jobs import logged
from imagestudy.packing import unpack

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        bundle = open_bundle(Path(snakemake.input.bundle), Path(snakemake.params.schema))
        unpack(bundle, Path(snakemake.params.folder))
