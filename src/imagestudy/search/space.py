"""Networks of a declared space: AutoKeras's own graph, built by AutoKeras's own blocks."""

import collections
import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from imagestudy.errors import StudyError
from imagestudy.failures import OversizedError
from imagestudy.lean import keras, without_unused
from imagestudy.search.declaration import (
    HEAD,
    IMAGE_BLOCK,
    OPTIMIZERS,
    STOCK,
    declared_values,
    hyperparameters,
)

with without_unused():
    import autokeras
    from autokeras.graph import Graph
    from keras.src.backend.common import global_state
    from keras_tuner import HyperParameters
    from keras_tuner.engine.hyperparameters import Boolean

# A gigabyte of float32. 512 maps of a photograph, flattened by AutoKeras, would want several.
MOST_PARAMETERS = 250_000_000
TRAINERS = ("optimizers", "learning_rates")
# AutoKeras's own; without them its `adam` and `adam_weight_decay` would be the same
WEIGHT_DECAYS = {"adam": 0.0, "adamw": 0.01}


class Pixels(autokeras.ImageInput):
    """AutoKeras's image input without its casting layer, which only AutoKeras could load again.

    Keras itself casts pictures of any type to the float32 of the input.
    """

    def build(self, hp: HyperParameters, inputs: Any = None) -> Any:
        """The pixels as they are."""
        return inputs


def graph(space: dict[str, Any], image_shape: tuple[int, int, int], classes: int) -> Graph:
    """AutoKeras's graph of an image classifier on pixels from 0 to 255, with a softmax head."""
    pixels = Pixels(name="pixels")
    pixels.shape, pixels.dtype = tuple(image_shape), "float32"
    # AutoKeras's schedule of its own optimizer asks for these; our trainer brings its own
    pixels.batch_size, pixels.num_samples = 32, 32
    block = autokeras.ImageBlock(
        block_type=_only(space, "blocks"),
        normalize=_only(space, "normalize"),
        augment=_only(space, "augment"),
        name=IMAGE_BLOCK,
    )
    loss = keras.losses.CategoricalCrossentropy()
    head = autokeras.ClassificationHead(num_classes=classes, loss=loss, name=HEAD)
    head.shape = (classes,)
    built = Graph(inputs=pixels, outputs=head(block(pixels)))
    built.set_fit_args(0, epochs=1)
    return built


def declared(space: dict[str, Any], complete: bool = False) -> HyperParameters:
    """The hyperparameters that `space` declares; AutoKeras's graph finds them and adds its own.

    With `complete`, also those that AutoKeras would add.
    """
    container = HyperParameters()
    rows = hyperparameters(space)
    parents = {name for row in rows if row.declared for name, _ in row.parents}
    for row in rows:
        argument = row.key in ("blocks", "normalize", "augment") and len(row.values) == 1
        if argument or not (complete or row.declared or row.name in parents):
            continue
        with ExitStack() as scopes:
            for name, value in row.parents:
                scopes.enter_context(container.conditional_scope(name, [value]))
            if len(row.values) == 1:
                container.Fixed(row.name, row.values[0])
            elif row.boolean:
                container.Boolean(row.name, default=row.default)
            else:
                container.Choice(row.name, list(row.values), default=row.default)
    return container


def grow(network: Graph, container: HyperParameters) -> keras.Model:
    """Build `network` with the values in `container`, which gains what the graph asks for.

    Raises `OversizedError` before the memory of more than `MOST_PARAMETERS` is taken.
    """
    with _names_from_one(), _of_bounded_size():
        compiled = network.build(container)
    return keras.Model(compiled.inputs[0], compiled.outputs[0], name="autokeras")


def explore(
    space: dict[str, Any],
    image_shape: tuple[int, int, int],
    classes: int,
    container: HyperParameters,
) -> None:
    """Let `container` gain what a network of its values asks for, as far as it can be built."""
    try:
        grow(graph(space, image_shape, classes), container)
    except StudyError:
        raise
    except Exception as error:
        # the trial itself will fail by it and be recorded; the search goes on
        print(f"this network cannot be built: {error}")


def default_hyperparameters(
    space: dict[str, Any], image_shape: tuple[int, int, int], classes: int
) -> dict[str, Any]:
    """The values of the space's default configuration."""
    container = declared(space)
    explore(space, image_shape, classes, container)
    return dict(container.values)


def training_settings(values: dict[str, Any]) -> dict[str, Any]:
    """The part of hyperparameters that is the trainer's: optimizer, its decay, learning rate.

    AutoKeras adds both to those of a network once it is built: where it cannot be, its defaults
    stand in for them.
    """
    found = {key: values.get(STOCK[key].name, STOCK[key].default) for key in TRAINERS}
    optimizer = OPTIMIZERS[found["optimizers"]]
    training = {"optimizer": optimizer, "learning_rate": found["learning_rates"]}
    if optimizer in WEIGHT_DECAYS:
        training["weight_decay"] = WEIGHT_DECAYS[optimizer]
    return training


def build_network(
    space: dict[str, Any],
    hyperparameters: dict[str, Any],
    image_shape: tuple[int, int, int],
    classes: int,
    statistics: dict[str, list[float]] | None = None,
) -> keras.Model:
    """The network of `hyperparameters`, not compiled: pixels 0 to 255 in, probabilities out.

    It consists of plain Keras layers. What `hyperparameters` leave out is as the space's default.
    `statistics` are `mean` and `std` of the channels as fractions of 1, for a normalization;
    without them it does nothing until it is adapted. Augmentation is part of the network: to
    leave it out, call with `training=False` (as `predict` does).
    """
    container = declared(space)
    container.values = dict(hyperparameters)
    # Fixed ones come first: a value from outside must not let pretrained weights in
    _check(container)
    for parameter in container.space:
        if container.is_active(parameter):
            container.values.setdefault(parameter.name, parameter.default)
    network = grow(graph(space, image_shape, classes), container)
    _check(container)
    return _as_trained(network, statistics)


def _check(container: HyperParameters) -> None:
    for parameter in container.space:
        value = container.values.get(parameter.name, parameter.default)
        allowed = [True, False] if isinstance(parameter, Boolean) else list(parameter.values)
        if container.is_active(parameter) and value not in allowed:
            raise StudyError(
                f"hyperparameter {parameter.name} is {value!r}; the declared space has {allowed}"
            )


def _as_trained(network: keras.Model, statistics: dict[str, list[float]] | None) -> keras.Model:
    """`network` with probabilities in float32, and statistics as constants of its normalization.

    Both are as in the networks built by hand. AutoKeras reads all pictures for the statistics and
    keeps them as weights, which would make a frozen beginning of the network.
    """
    known = {}
    if statistics:
        known = {
            "mean": [255 * mean for mean in statistics["mean"]],
            "variance": [(255 * std) ** 2 for std in statistics["std"]],
        }
    head = {layer.name for layer in network.layers[-2:]}

    def again(layer: keras.Layer) -> keras.Layer:
        config = layer.get_config()
        if isinstance(layer, keras.layers.Normalization):
            config |= known
        if layer.name in head:
            config |= {"dtype": "float32"}
        return type(layer).from_config(config)

    return keras.models.clone_model(network, clone_function=again)


def _only(space: dict[str, Any], key: str) -> Any:
    values = declared_values(space, key)
    return values[0] if values and len(values) == 1 else None


@contextmanager
def _of_bounded_size() -> Iterator[None]:
    """Count the parameters of what is built, which Keras gives values as soon as it knows them."""
    add, parameters = keras.Layer.add_weight, 0

    def counted(layer: keras.Layer, shape: Any = None, *arguments: Any, **named: Any) -> Any:
        nonlocal parameters
        parameters += math.prod(shape or ())
        if parameters > MOST_PARAMETERS:
            raise OversizedError(f"more than {MOST_PARAMETERS} parameters")
        return add(layer, shape, *arguments, **named)

    keras.Layer.add_weight = counted
    try:
        yield
    finally:
        keras.Layer.add_weight = add


@contextmanager
def _names_from_one() -> Iterator[None]:
    """Count automatic names from one: they are part of the names of AutoKeras's hyperparameters.

    AutoKeras clears Keras's whole session for that, and with it precision policy and seed.
    """
    before = global_state.get_global_attribute("object_name_uids") or {}
    during = collections.defaultdict(int)
    global_state.set_global_attribute("object_name_uids", during)
    try:
        yield
    finally:
        for name, count in before.items():
            during[name] = max(during[name], count)
