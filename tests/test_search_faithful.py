"""Our proposals beside those of AutoKeras's own tuner, for the same seed, space and scores."""

import autokeras
import keras
import keras_tuner
import numpy as np
import pytest
from keras_tuner.errors import FailedTrialError

from imagestudy.search.oracle import OBJECTIVE
from imagestudy.search.proposers import propose
from imagestudy.search.space import build_network, declared, training_settings

SHAPE, CLASSES = (8, 8, 3), 3
SMALL = {
    "blocks": ["conv"],
    "normalize": [True, False],
    "augment": [True, False],
    "augmentation": {"vertical_flip": [False]},
    "conv": {"filters": [4, 8], "kernel_size": [3], "num_blocks": [1, 2]},
    "optimizers": ["adam", "sgd", "adamw"],
    "learning_rates": [0.01, 0.001],
}
WIDE = {
    "blocks": ["conv", "resnet", "xception", "efficient"],
    "conv": {"filters": [4, 8]},
    "resnet": {"version": ["resnet50", "resnet50_v2"]},
    "efficient": {"version": ["b0", "b1"]},
}
STOCK = {"blocks": ["conv"]}
BLOCK = "image_block_1/block_type"


def settings(space, oracle, seed, trials, points=None):
    return {
        "search": "autokeras",
        "proposer": "autokeras",
        "oracle": oracle,
        "initial_points": points,
        "seed": seed,
        "rounds": trials,
        "trials_per_round": 1,
        "space": space,
        "image_shape": SHAPE,
        "classes": CLASSES,
    }


def pictures():
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (24, *SHAPE), dtype=np.uint8)
    return images, np.arange(24) % CLASSES


def automodel(search, directory, tuner):
    """AutoKeras as its users have it, with no more than the declared hyperparameters given."""
    keras.backend.clear_session()
    inputs = autokeras.ImageInput()
    blocks = search["space"]["blocks"]
    one = {"vanilla" if block == "conv" else block for block in blocks}
    block = autokeras.ImageBlock(block_type=one.pop() if len(one) == 1 else None)
    outputs = autokeras.ClassificationHead()(block(inputs))
    points = {"num_initial_points": search["initial_points"]} if search["initial_points"] else {}
    return autokeras.AutoModel(
        inputs,
        outputs,
        directory=directory,
        objective=keras_tuner.Objective(OBJECTIVE, "max"),
        tuner=tuner,
        max_trials=search["rounds"],
        seed=search["seed"],
        hyperparameters=declared(search["space"]),
        **points,
    )


def fit(model):
    images, labels = pictures()
    stop = keras.callbacks.EarlyStopping(patience=1)
    data = (images[:6], labels[:6])
    model.fit(images, labels, epochs=1, validation_data=data, callbacks=[stop], verbose=0)


def are_ours(search, trials):
    """Whether AutoKeras's `trials` are what our rounds of one trial put forward for its scores.

    Proposals before the last are compared by `propose`, which refuses a recorded one that differs,
    but for those that a Bayesian oracle takes over.
    """
    points = search["initial_points"] or len(trials) - 1
    return all(
        ours(search, trials[:number]) == trials[number - 1].hyperparameters.values
        for number in range(points + 1, len(trials) + 1)
    )


def ours(search, trials):
    """Our last proposal, told the scores of the trials before it."""
    earlier = []
    for number, trial in enumerate(trials[:-1], start=1):
        failed = trial.status == "FAILED"
        values = trial.hyperparameters.values
        network = {"space": search["space"], "hyperparameters": values}
        earlier.append(
            {
                "settings": {"round": number, "trial": 1},
                "status": "failed" if failed else "completed",
                "score": None if failed else trial.score,
                "device_seconds": 1.0,
                "choice": {"network": network, "training": training_settings(values)},
            }
        )
    (last,) = propose(search, len(trials), earlier)["trials"]
    return last["network"]["hyperparameters"]


@pytest.mark.parametrize(
    ("space", "oracle", "seed", "points"),
    [
        (SMALL, "greedy", 1, None),
        (STOCK, "greedy", 7, None),
        (SMALL, "bayesian", 1, 2),
        (SMALL, "bayesian", 7, 2),
    ],
)
def test_hyperparameters_are_those_of_automodel_fit(space, oracle, seed, points, tmp_path):
    search = settings(space, oracle, seed, 4, points)
    model = automodel(search, tmp_path, oracle)
    fit(model)
    theirs = list(model.tuner.oracle.trials.values())
    assert len(theirs) == 4
    assert are_ours(search, theirs)


def layers(network):
    """The layers that compute something, in order, and how many weights are trained."""
    kinds = [(type(layer).__name__, layer.output.shape) for layer in network.layers]
    trained = sum(int(np.prod(weight.shape)) for weight in network.trainable_weights)
    # Ours takes pictures of any type as they are.
    return [kind for kind in kinds if kind[0] != "CastToFloat32"], trained


class SearchEndedError(Exception):
    """The search is over; AutoKeras's final fit is not wanted."""


class Untrained:
    """AutoKeras's tuner that builds every network, and draws its score instead of training."""

    def run_trial(self, trial, **_):
        trial.network = layers(self._try_build(trial.hyperparameters))
        number = int(trial.trial_id)
        if number % 4 == 2:
            raise FailedTrialError("out of memory")
        return {OBJECTIVE: float(np.random.default_rng(number).uniform())}

    def on_search_end(self):
        raise SearchEndedError


class UntrainedGreedy(Untrained, autokeras.Greedy):
    """The greedy tuner."""


class UntrainedBayesian(Untrained, autokeras.BayesianOptimization):
    """The Bayesian tuner."""


@pytest.mark.parametrize(
    ("tuner", "oracle", "seed", "points", "blocks"),
    [
        (UntrainedGreedy, "greedy", 3, None, {"resnet"}),
        (UntrainedBayesian, "bayesian", 5, 3, {"vanilla", "resnet", "xception"}),
    ],
)
def test_blocks_networks_and_failed_trials_are_autokerass(
    tuner, oracle, seed, points, blocks, tmp_path
):
    search = settings(WIDE, oracle, seed, 6, points)
    model = automodel(search, tmp_path, tuner)
    with pytest.raises(SearchEndedError):
        fit(model)
    theirs = list(model.tuner.oracle.trials.values())
    assert [trial.status for trial in theirs].count("FAILED") == 1
    assert are_ours(search, theirs)
    of_each_block = {trial.hyperparameters.get(BLOCK): trial for trial in theirs}
    assert of_each_block.keys() == blocks
    for trial in of_each_block.values():
        network = build_network(search["space"], trial.hyperparameters.values, SHAPE, CLASSES)
        assert layers(network) == trial.network
