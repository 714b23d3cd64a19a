"""Experiment 1 in a modern form: a residual network built by hand."""

from imagestudy.jobs import logged
from imagestudy.networks.residual_cnn import residual_cnn
from imagestudy.runs import Run


def train_residual_cnn(run: Run) -> None:
    """Build the residual network and train it."""
    run.train(residual_cnn(**run.shape, **run.network))


if __name__ == "__main__":
    with logged(snakemake.log[0], snakemake.resources.gpu) as waited:
        Run(
            **snakemake.params.run,
            threads=snakemake.threads,
            gpus=snakemake.resources.gpu,
            inputs=dict(snakemake.input.items()),
            outputs=dict(snakemake.output.items()),
            waited=waited,
        ).perform(train_residual_cnn)
