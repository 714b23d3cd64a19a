"""Experiment 1: a Keras network built by hand.

The original varied depth, optimizer, learning rate and number of epochs by hand. Here the
settings tried are declared in the search `hand`: each is a trial of this script, and the one best
on the selection split is trained again as the experiment.
"""

from imagestudy.jobs import logged
from imagestudy.networks.keras_cnn import keras_cnn
from imagestudy.runs import Run


def train_keras_cnn(run: Run) -> None:
    """Build the network that was declared, or found best, and train it."""
    run.train(keras_cnn(**run.shape, **run.network))


if __name__ == "__main__":
    with logged(snakemake.log[0], snakemake.resources.gpu) as waited:
        Run(
            **snakemake.params.run,
            threads=snakemake.threads,
            gpus=snakemake.resources.gpu,
            inputs=dict(snakemake.input.items()),
            outputs=dict(snakemake.output.items()),
            waited=waited,
        ).perform(train_keras_cnn)
