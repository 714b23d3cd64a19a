"""The optimizer of a training, as its settings say."""

from collections.abc import Callable
from typing import Any

from imagestudy.lean import keras

OPTIMIZERS = {
    "sgd": keras.optimizers.SGD,
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "rmsprop": keras.optimizers.RMSprop,
}
# Their size means nothing to a network's smoothness.
NEVER_DECAYED = ["bias", "beta", "gamma"]


def build(
    settings: dict[str, Any], variables: list[keras.Variable], slow: list[keras.Variable]
) -> keras.optimizers.Optimizer:
    """The optimizer of `settings` for `variables`, with its state made.

    Weight decay is decoupled (Loshchilov and Hutter 2019) and leaves biases and the parameters of
    batch normalization alone. The variables in `slow`, which came with a start, learn with the
    learning rate times `settings["start_learning_rate_factor"]`.
    """
    name = settings["optimizer"]
    optional: dict[str, Any] = {}
    if name == "sgd":
        optional = {"momentum": settings["momentum"], "nesterov": settings["nesterov"]}
    if settings["weight_decay"] or name == "adamw":
        optional["weight_decay"] = settings["weight_decay"]
    if settings["ema"]:
        optional |= {"use_ema": True, "ema_momentum": settings["ema"]}
    optimizer = OPTIMIZERS[name](settings["learning_rate"], **optional)
    optimizer.exclude_from_weight_decay(var_names=NEVER_DECAYED)
    optimizer.build(variables)
    factor = settings["start_learning_rate_factor"]
    if slow and factor != 1:
        optimizer.apply = _slowed(optimizer.apply, slow, factor)
    return optimizer


def _slowed(
    apply: Callable[..., None], slow: list[keras.Variable], factor: float
) -> Callable[..., None]:
    """`apply`, after which each of `slow` has gone only `factor` of its way.

    For every optimizer here that is what `factor` times the learning rate does, decay included.
    """

    def applied(gradients: list[Any], variables: list[keras.Variable] | None = None) -> None:
        kept = [keras.ops.multiply(variable, 1 - factor) for variable in slow]
        apply(gradients, variables)
        for variable, start in zip(slow, kept, strict=True):
            variable.assign(start + keras.ops.multiply(variable, factor))

    return applied
