"""A control of experiment 2: AutoKeras as it comes, under the same budget.

AutoKeras's own image classifier does everything: it draws from its whole space, networks with
ImageNet's weights included, and trains each trial its own way. The study gives it the training
pictures, the selection pictures to validate on, a seed and a time, and evaluates what it exports.
"""

from imagestudy.jobs import logged
from imagestudy.runs import Run
from imagestudy.search.stock import search


def train_autokeras_stock(run: Run) -> None:
    """Let AutoKeras search and train until its device-seconds are spent; record its network."""
    found = search(
        run.split("train"), run.split("selection"), run.seed, run.seconds_left, run.scratch
    )
    run.record(found.network, found.training, found.search)


if __name__ == "__main__":
    with logged(snakemake.log[0], snakemake.resources.gpu) as waited:
        Run(
            **snakemake.params.run,
            threads=snakemake.threads,
            gpus=snakemake.resources.gpu,
            inputs=dict(snakemake.input.items()),
            outputs=dict(snakemake.output.items()),
            waited=waited,
        ).perform(train_autokeras_stock)
