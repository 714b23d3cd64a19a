"""AutoKeras's and KerasTuner's oracles, driven by hand: asked by round, told by result.

An oracle lives for one call only. It is rebuilt from the seed, and what it was asked and told in
earlier rounds is asked and told again, so that nothing but results has to be kept. The Bayesian one
is told its own answers too.
"""

import gc
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from imagestudy.lean import without_unused
from imagestudy.search import space as spaces

with without_unused():
    import keras_tuner
    from autokeras.tuners.greedy import GreedyOracle
    from keras_tuner.oracles import BayesianOptimizationOracle, RandomSearchOracle
    from keras_tuner.src.tuners import bayesian

OBJECTIVE = "val_accuracy"
# From so many random points the Bayesian oracle looks for the best one.
RESTARTS = 50
# AutoKeras and KerasTuner take 0 for no seed at all
SEED_FOR_ZERO = 2**31 - 1


class Bayesian(BayesianOptimizationOracle):
    """KerasTuner's, which can be told what it `answered`: to find it again takes 10 s or more."""

    answered: dict[str, Any] | None = None

    def __init__(self, **options: Any) -> None:
        # KerasTuner takes it where it finds it when it is first imported, which above is nowhere.
        import sklearn.gaussian_process

        bayesian.sklearn = sklearn
        super().__init__(**options)

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """What KerasTuner's oracle gives, or gave; random numbers are drawn as it draws them."""
        done = sum(trial.status == "COMPLETED" for trial in self.trials.values())
        if self.answered is None or done < self._initial_points():
            return super().populate_space(trial_id)
        bounds = self._get_hp_bounds()
        self._random_state.uniform(bounds[:, 0], bounds[:, 1], size=(RESTARTS, len(bounds)))
        names = [parameter.name for parameter in self.hyperparameters.space]
        values = {name: self.answered[name] for name in names if name in self.answered}
        return {"status": "RUNNING", "values": values}

    def _initial_points(self) -> int:
        return self.num_initial_points or max(3 * len(self.hyperparameters.space), 3)


class Oracle:
    """An oracle over a declared space: `ask` for a trial's values, `tell` what came of it."""

    def __init__(self, search: dict[str, Any], directory: str) -> None:
        self._shape = (tuple(search["image_shape"]), search["classes"])
        self._space = search["space"]
        self._oracle = self._make(search)
        self._oracle.verbose = 0
        self._oracle._set_project_dir(directory, "search")
        container = self._oracle.get_space()
        self._explore(container)
        self._oracle.update_space(container)

    def _make(self, search: dict[str, Any]) -> keras_tuner.Oracle:
        uniform = search["proposer"] == "random"
        options = {
            "objective": keras_tuner.Objective(OBJECTIVE, "max"),
            "max_trials": search["rounds"] * search["trials_per_round"],
            "seed": search["seed"] or SEED_FOR_ZERO,
            # random draws from all the space from the start; AutoKeras discovers it as it goes
            "hyperparameters": spaces.declared(self._space, complete=uniform),
        }
        if uniform:
            oracle = RandomSearchOracle(**options)
        elif search["oracle"] == "bayesian":
            points = search.get("initial_points")
            oracle = Bayesian(**options, num_initial_points=points)
        else:
            oracle = GreedyOracle(**options)
        oracle.max_consecutive_failed_trials = None
        return oracle

    def _explore(self, container: keras_tuner.HyperParameters) -> None:
        spaces.explore(self._space, *self._shape, container)
        # a network holds on to itself; a round of large ones would fill the memory
        gc.collect()

    def ask(
        self, worker: str, answered: dict[str, Any] | None = None
    ) -> keras_tuner.engine.trial.Trial | None:
        """A new trial for `worker`, its values complete; None where the space is exhausted.

        `answered`: those that it had when this was asked before; a Bayesian oracle takes them over.
        """
        if isinstance(self._oracle, Bayesian):
            self._oracle.answered = answered
        trial = self._oracle.create_trial(worker)
        if trial.status == "STOPPED":
            return None
        self._explore(trial.hyperparameters)
        return trial

    def tell(self, trial: keras_tuner.engine.trial.Trial, score: float | None) -> None:
        """End `trial` with its score; None is a failure."""
        if score is not None:
            self._oracle.update_trial(trial.trial_id, {OBJECTIVE: score})
        trial.status = "FAILED" if score is None else "COMPLETED"
        self._oracle.end_trial(trial)


@contextmanager
def rebuilt(search: dict[str, Any]) -> Iterator[Oracle]:
    """A fresh oracle of `search`, NumPy seeded as AutoKeras does, and put back afterwards."""
    state = np.random.get_state()
    np.random.seed(search["seed"] or SEED_FOR_ZERO)
    try:
        with tempfile.TemporaryDirectory() as directory:
            yield Oracle(search, directory)
    finally:
        np.random.set_state(state)
