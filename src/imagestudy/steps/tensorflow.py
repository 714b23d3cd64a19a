"""Training steps on TensorFlow; where the data lie on the device, several of them in a call."""

import operator
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from imagestudy import device
from imagestudy.lean import keras
from imagestudy.steps.filled import Filled


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
        self._optimizer = optimizer
        self._placed: Any = ()
        loss_of = keras.losses.CategoricalCrossentropy(label_smoothing=label_smoothing)
        variables = [variable.value for variable in network.trainable_variables]

        # One pass over the weights, however many operations an optimizer has; on CPUs too, where
        # XLA would be slow for the rest.
        @tf.function(jit_compile=True)
        def update(gradients: list[Any]) -> None:
            optimizer.apply([tf.cast(each, tf.float32) for each in gradients])

        compiled = device.jit_compile() and _can_be_compiled(network)

        @tf.function(jit_compile=compiled)
        def step(placed: Any, batch: Any) -> tuple[Any, Any]:
            inputs, targets = make(placed, batch)
            with tf.GradientTape() as tape:
                given = network(inputs, training=True)
                loss = loss_of(targets, given) + sum(network.losses)
            update(tape.gradient(loss, variables))
            right = tf.argmax(given, axis=-1) == tf.argmax(targets, axis=-1)
            return loss, tf.reduce_mean(tf.cast(right, tf.float32))

        @tf.function(jit_compile=compiled)
        def steps(placed: Any, batches: Any, rates: Any, count: Any) -> Any:
            found = tf.zeros((len(rates), 2))
            for number in tf.range(count):
                optimizer.learning_rate.assign(rates[number])
                batch = tf.nest.map_structure(operator.itemgetter(number), batches)
                of_step = tf.stack(step(placed, batch))
                found = tf.tensor_scatter_nd_update(found, [[number]], [of_step])
            return found

        self._step, self._steps, self._filled = step, steps, Filled()

    def place(self, arrays: Any) -> None:
        """Put `arrays`, a tuple of NumPy's, on the device for all steps to come."""
        self._placed = tuple(tf.constant(array) for array in arrays)

    def __call__(self, batches: list[Any], rates: list[float]) -> list[tuple[float, float]]:
        """Train on `batches`, one after another; the loss and the accuracy of each."""
        if self._placed:
            stacked, filled_rates = self._filled(batches, rates)
            count = len(batches)
            found = self._steps(self._placed, stacked, filled_rates, tf.constant(count))
            return [(loss, right) for loss, right in found[:count].numpy().tolist()]
        found = []
        for batch, rate in zip(batches, rates, strict=True):
            self._optimizer.learning_rate = rate
            found.append(self._step(self._placed, batch))
        return [(float(loss), float(right)) for loss, right in found]


def _can_be_compiled(network: keras.Model) -> bool:
    """Whether XLA has all operations of the layers: some of AutoKeras's augmentation it has not."""
    return all(
        _can_be_compiled(layer) if isinstance(layer, keras.Model) else layer.supports_jit
        for layer in network.layers
    )
