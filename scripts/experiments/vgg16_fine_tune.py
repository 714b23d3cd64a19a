"""Experiment 6: fine-tuning VGG-16, in the original's four steps."""

from imagestudy.jobs import logged
from imagestudy.lean import keras
from imagestudy.networks.heads import dense_head
from imagestudy.networks.vgg16 import convolutional_base, freeze_blocks
from imagestudy.runs import Run


def train_vgg16_fine_tune(run: Run) -> None:
    """Truncate, slow down, freeze the first layers, retrain the rest."""
    shape, sizes = run.shape, run.network
    base = convolutional_base(
        shape["image_shape"],
        shape["statistics"],
        sizes["width"],
        sizes["batch_normalization"],
        run.start,
        sizes["upscale"],
    )
    run.load_start(base)
    # 1. Truncate the last layer: a softmax over the new classes takes its place.
    head = dense_head(base.output, shape["classes"], sizes["units"], sizes["dropout"])
    # 2. A small learning rate: `training.learning_rate` in the settings.
    # 3. Freeze the first few layers.
    freeze_blocks(base, sizes["frozen_blocks"])
    # 4. Retrain the rest.
    run.train(keras.Model(base.input, head, name="vgg16_fine_tune"))


if __name__ == "__main__":
    with logged(snakemake.log[0], snakemake.resources.gpu) as waited:
        Run(
            **snakemake.params.run,
            threads=snakemake.threads,
            gpus=snakemake.resources.gpu,
            inputs=dict(snakemake.input.items()),
            outputs=dict(snakemake.output.items()),
            waited=waited,
        ).perform(train_vgg16_fine_tune)
