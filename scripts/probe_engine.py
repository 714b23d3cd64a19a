"""Find out how this machine trains fastest."""

from pathlib import Path

from imagestudy.engine import probe
from imagestudy.jobs import logged
from imagestudy.results import write_json

if __name__ == "__main__":
    gpus = snakemake.resources.gpu
    with logged(snakemake.log[0], gpus):
        write_json(Path(snakemake.output.engine), probe(snakemake.threads, gpus))
