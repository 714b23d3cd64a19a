"""Experiment 5: transfer learning, VGG-16's weights kept and a new head trained."""

from imagestudy.jobs import logged
from imagestudy.lean import keras
from imagestudy.networks.heads import dense_head
from imagestudy.networks.vgg16 import convolutional_base
from imagestudy.runs import Run


def train_vgg16_transfer(run: Run) -> None:
    """Put a new head on VGG-16's convolutions and train only the head."""
    shape, sizes = run.shape, run.network
    # 1. VGG-16's convolutions, with the weights of the start.
    base = convolutional_base(
        shape["image_shape"],
        shape["statistics"],
        sizes["width"],
        sizes["batch_normalization"],
        run.start,
        sizes["upscale"],
    )
    run.load_start(base)
    # 2. These weights are kept.
    base.trainable = False
    # 3. A new head for the new classes; it alone learns.
    head = dense_head(base.output, shape["classes"], sizes["units"], sizes["dropout"])
    run.train(keras.Model(base.input, head, name="vgg16_transfer"))


if __name__ == "__main__":
    with logged(snakemake.log[0], snakemake.resources.gpu) as waited:
        Run(
            **snakemake.params.run,
            threads=snakemake.threads,
            gpus=snakemake.resources.gpu,
            inputs=dict(snakemake.input.items()),
            outputs=dict(snakemake.output.items()),
            waited=waited,
        ).perform(train_vgg16_transfer)
