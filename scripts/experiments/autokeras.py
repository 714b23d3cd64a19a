"""Experiment 2: a network found by AutoKeras's search.

The search puts forward hyperparameters in AutoKeras's own space; each proposal is a trial of this
script, and the one best on the selection split is trained again as the experiment. The network is
AutoKeras's own graph; trainer and splits are the study's.
"""

from imagestudy.jobs import logged
from imagestudy.runs import Run
from imagestudy.search.space import build_network


def train_autokeras(run: Run) -> None:
    """Build the network of the proposed hyperparameters and train it."""
    run.train(build_network(**run.shape, **run.network))


if __name__ == "__main__":
    with logged(snakemake.log[0], snakemake.resources.gpu) as waited:
        Run(
            **snakemake.params.run,
            threads=snakemake.threads,
            gpus=snakemake.resources.gpu,
            inputs=dict(snakemake.input.items()),
            outputs=dict(snakemake.output.items()),
            waited=waited,
        ).perform(train_autokeras)
