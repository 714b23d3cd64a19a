"""Experiment 4: VGG-16, trained from scratch.

As published: thirteen 3x3 convolutions in five blocks, each block ended by a pooling; two dense
layers; softmax. The original's table differs from it in places, which the report names.
"""

from imagestudy.jobs import logged
from imagestudy.networks.vgg16 import vgg16
from imagestudy.runs import Run


def train_vgg16(run: Run) -> None:
    """Build VGG-16 and train it."""
    run.train(vgg16(**run.shape, **run.network))


if __name__ == "__main__":
    with logged(snakemake.log[0], snakemake.resources.gpu) as waited:
        Run(
            **snakemake.params.run,
            threads=snakemake.threads,
            gpus=snakemake.resources.gpu,
            inputs=dict(snakemake.input.items()),
            outputs=dict(snakemake.output.items()),
            waited=waited,
        ).perform(train_vgg16)
