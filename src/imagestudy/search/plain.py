"""A network that AutoKeras exports, in plain Keras layers: it loads where there is no AutoKeras."""

from itertools import pairwise

import numpy as np

from imagestudy.lean import keras, without_unused

with without_unused():
    from autokeras.keras_layers import CastToFloat32


def plain(network: keras.Model) -> keras.Model:
    """`network` with the same weights: uint8 pictures in, a probability for each class out.

    AutoKeras's own casting layer, which only AutoKeras could load, becomes a rescaling by one. A
    network within it, of Keras's applications, gets the size of pictures it is used with. Of two
    classes AutoKeras gives the probability of the second alone; here both are given.
    """
    shapes = {id(layer): before.output.shape[1:] for before, layer in pairwise(network.layers)}

    def again(layer: keras.Layer) -> keras.Layer:
        if isinstance(layer, CastToFloat32):
            return keras.layers.Rescaling(1.0, dtype="float32", name=layer.name)
        if isinstance(layer, keras.Model):
            inputs = keras.Input(_sizes(shapes[id(layer)]))
            return keras.models.clone_model(layer, input_tensors=inputs)
        # AutoKeras leaves NumPy's numbers in it, which are no JSON.
        config = {
            key: value.item() if isinstance(value, np.generic) else value
            for key, value in layer.get_config().items()
        }
        return type(layer).from_config(config)

    pixels = keras.Input(_sizes(network.inputs[0].shape[1:]), dtype="uint8", name="pixels")
    chain = keras.Model(network.inputs[0], network.outputs[0])
    copy = keras.models.clone_model(chain, input_tensors=pixels, clone_function=again)
    copy.set_weights(network.get_weights())
    _finalize(copy)
    given = copy.outputs[0]
    if given.shape[-1] == 1:
        given = keras.ops.concatenate([1 - given, given], axis=-1)
    return keras.Model(pixels, given, name="autokeras_stock")


def _sizes(shape: tuple) -> tuple[int, ...]:
    return tuple(int(length) for length in shape)


def _finalize(network: keras.Model) -> None:
    """Let normalizations work with the statistics that they were given as weights."""
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            _finalize(layer)
        elif isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()
