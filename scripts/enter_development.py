"""Enter the published tries behind this study's recipes."""

from pathlib import Path

from imagestudy.development import tries_for
from imagestudy.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        tries = tries_for(Path(snakemake.input.published), snakemake.params.experiments)
        tries.to_csv(snakemake.output.tries, index=False)
