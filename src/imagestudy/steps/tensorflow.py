"""Training steps on TensorFlow."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from imagestudy import device


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

        @tf.function(jit_compile=device.jit_compile() and _can_be_compiled(network))
        def step(placed: Any, batch: Any) -> tuple[Any, Any]:
            inputs, targets = make(placed, batch)
            with tf.GradientTape() as tape:
                given = network(inputs, training=True)
                loss = loss_of(targets, given) + sum(network.losses)
            update(tape.gradient(loss, variables))
            right = tf.argmax(given, axis=-1) == tf.argmax(targets, axis=-1)
            return loss, tf.reduce_mean(tf.cast(right, tf.float32))

        self._step = step

    def place(self, arrays: Any) -> None:
        """Put `arrays`, a tuple of NumPy's, on the device for all steps to come."""
        self._placed = tuple(tf.constant(array) for array in arrays)

    def __call__(self, batches: list[Any], rates: list[float]) -> list[tuple[float, float]]:
        """Train on `batches`, one after another; the loss and the accuracy of each."""
        found = []
        for batch, rate in zip(batches, rates, strict=True):
            self._optimizer.learning_rate = rate
            found.append(self._step(self._placed, batch))
        # Asked for at the end only: a GPU need not wait for Python between the steps.
        return [(float(loss), float(right)) for loss, right in found]


def _can_be_compiled(network: keras.Model) -> bool:
    """Whether XLA has all operations of the layers: some of AutoKeras's augmentation it has not."""
    return all(
        _can_be_compiled(layer) if isinstance(layer, keras.Model) else layer.supports_jit
        for layer in network.layers
    )
