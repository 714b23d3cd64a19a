"""What a network is made of: layers, parameters, floating-point operations."""

from collections.abc import Iterator
from typing import Any

from imagestudy.lean import keras


def describe(network: keras.Model) -> dict[str, Any]:
    """Layers, parameters and cost of `network`, and a row per layer for the report's table.

    `layers` counts Keras layers (nested ones included, inputs not), `weight_layers` those with a
    kernel; `flops` is two per multiply-add of convolutions and dense layers, for one picture.
    """
    rows = [_row(layer) for layer in _flattened(network)]
    trainable = sum(_size(weight) for weight in network.trainable_weights)
    return {
        "parameters": sum(_size(weight) for weight in network.weights),
        "trainable_parameters": trainable,
        "layers": len(rows),
        "weight_layers": sum(row["kernel"] is not None or row["type"] == "Dense" for row in rows),
        "flops": sum(row.pop("flops") for row in rows),
        "table": rows,
    }


def _flattened(network: keras.Model) -> Iterator[keras.layers.Layer]:
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            yield from _flattened(layer)
        elif not isinstance(layer, keras.layers.InputLayer):
            yield layer


def _size(weight: Any) -> int:
    size = 1
    for length in weight.shape:
        size *= int(length)
    return size


def _row(layer: keras.layers.Layer) -> dict[str, Any]:
    output = layer.output
    shape = list(output.shape[1:]) if hasattr(output, "shape") else []
    window = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
    kernel = "x".join(str(length) for length in window) if window else None
    return {
        "name": layer.name,
        "type": type(layer).__name__,
        "output": shape,
        "kernel": kernel if hasattr(layer, "kernel_size") else None,
        "pool": kernel if hasattr(layer, "pool_size") else None,
        "parameters": sum(_size(weight) for weight in layer.weights),
        "trainable": bool(layer.trainable_weights),
        "flops": _flops(layer, shape),
    }


def _flops(layer: keras.layers.Layer, shape: list[int]) -> int:
    """Two for each multiply-add: every kernel weight is used once at each output position."""
    if not isinstance(layer, keras.layers.Dense) and not hasattr(layer, "kernel_size"):
        return 0
    positions = 1
    for length in shape[:-1]:
        positions *= length
    return sum(2 * positions * _size(w) for w in layer.weights if len(w.shape) > 1)
