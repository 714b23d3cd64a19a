"""Experiment 3: AlexNet, trained from scratch.

The original: five convolutions, three dense layers, ReLU after each; three poolings, two
normalizations, one dropout; pictures shifted, reflected, and moved along the principal
components of their colours.
"""

from imagestudy.jobs import logged
from imagestudy.networks.alexnet import alexnet
from imagestudy.runs import Run


def train_alexnet(run: Run) -> None:
    """Build AlexNet and train it; the augmentation stands in the settings."""
    run.train(alexnet(**run.shape, **run.network))


if __name__ == "__main__":
    with logged(snakemake.log[0], snakemake.resources.gpu) as waited:
        Run(
            **snakemake.params.run,
            threads=snakemake.threads,
            gpus=snakemake.resources.gpu,
            inputs=dict(snakemake.input.items()),
            outputs=dict(snakemake.output.items()),
            waited=waited,
        ).perform(train_alexnet)
