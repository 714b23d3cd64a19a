"""Training steps on JAX: a call compiles and runs several, so that a GPU never waits for Python."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from imagestudy.lean import keras
from imagestudy.steps.filled import Filled


def cross_entropy(targets: Any, probabilities: Any) -> Any:
    """The mean loss over a batch, as Keras has it on TensorFlow, where it finds the logits.

    On JAX Keras clips probabilities at 1e-7, so that what is surely wrong would not learn.
    """
    least = jnp.finfo(jnp.float32).tiny
    return -(targets * jnp.log(jnp.maximum(probabilities, least))).sum(axis=-1).mean()


class Steps:
    """Compiled training steps of one network."""

    def __init__(
        self,
        network: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        label_smoothing: float,
        make: Callable[[Any, Any], tuple[Any, Any]],
    ) -> None:
        """`optimizer` is built for `network`; `make` is as in `steps.compiled`."""
        self._placed: Any = ()
        self._variables = (
            network.trainable_variables,
            network.non_trainable_variables,
            optimizer.variables,
        )
        classes = network.output.shape[-1]
        rate_at = next(i for i, v in enumerate(optimizer.variables) if v is optimizer.learning_rate)

        def loss_and_state(trained: Any, fixed: Any, inputs: Any, targets: Any) -> tuple[Any, Any]:
            given, fixed, losses = network.stateless_call(
                trained, fixed, inputs, training=True, return_losses=True
            )
            right = given.argmax(axis=-1) == targets.argmax(axis=-1)
            smooth = targets * (1 - label_smoothing) + label_smoothing / classes
            return cross_entropy(smooth, given) + sum(losses), (fixed, right.mean())

        def step(placed: Any, state: Any, given: Any) -> tuple[Any, Any]:
            trained, fixed, own = state
            batch, rate = given
            inputs, targets = make(placed, batch)
            (loss, (fixed, right)), gradients = jax.value_and_grad(loss_and_state, has_aux=True)(
                trained, fixed, inputs, targets
            )
            own = [*own[:rate_at], rate, *own[rate_at + 1 :]]
            trained, own = optimizer.stateless_apply(own, gradients, trained)
            return (trained, fixed, own), (loss, right)

        def all_steps(placed: Any, state: Any, given: Any, count: Any) -> tuple[Any, Any]:
            def one(number: Any, now: tuple[Any, Any]) -> tuple[Any, Any]:
                state, found = now
                state, of_step = step(placed, state, jax.tree.map(lambda each: each[number], given))
                return state, found.at[number].set(jnp.stack(of_step))

            found = jnp.zeros((len(given[1]), 2), jnp.float32)
            return jax.lax.fori_loop(0, count, one, (state, found))

        self._steps = jax.jit(all_steps)
        self._filled = Filled()

    def place(self, arrays: Any) -> None:
        """Put `arrays`, a tuple of NumPy's, on the device for all steps to come."""
        self._placed = jax.device_put(tuple(arrays))

    def __call__(self, batches: list[Any], rates: list[float]) -> list[tuple[float, float]]:
        """Train on `batches`, one after another; the loss and the accuracy of each."""
        count = len(batches)
        state = tuple([variable.value for variable in each] for each in self._variables)
        state, found = self._steps(self._placed, state, self._filled(batches, rates), count)
        for variables, values in zip(self._variables, state, strict=True):
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)
        return [(loss, right) for loss, right in found[:count].tolist()]
