"""The device that trains: threads, compilation, precision."""

import contextlib
import os
import random
from typing import Any

import numpy as np

from imagestudy.lean import keras

GPU = "gpu"
CPU = "cpu"
PRECISIONS = ("float32", "mixed_bfloat16")
# Of one call on a GPU, which would wait for Python between the calls.
STEPS_AT_ONCE = 100
# Whether this process compiles with XLA; None until `prepare` has been told.
_compiled: bool | None = None


def prepare(threads: int, precision: str, seed: int, compiled: bool | None = None) -> None:
    """Bind this process to `threads`, set precision policy and compilation, seed every generator.

    `compiled`: whether networks are compiled with XLA; None for what is usual on the device.
    Must come before the first operation: the backends read the number of threads only then.
    """
    global _compiled
    for variable in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "NPROC"):
        os.environ[variable] = str(threads)
    # A second one starts what the first need not wait for: 5 to 10 percent of a step.
    os.environ["TF_NUM_INTEROP_THREADS"] = str(min(threads, 2))
    if keras.backend.backend() == "tensorflow":
        keras.utils.set_random_seed(seed)
    else:
        # Keras's own would import TensorFlow wherever it is installed: five seconds of each job.
        random.seed(seed)
        np.random.seed(seed)
    keras.config.set_dtype_policy(precision)
    _compiled = compiled


def kind() -> str:
    """`gpu` where the backend sees one, else `cpu`."""
    from keras.distribution import list_devices

    return GPU if any("gpu" in name.lower() for name in list_devices()) else CPU


def holds_data() -> bool:
    """Whether training data lie on the device, where batches are made of them.

    On a GPU, which would wait for NumPy; on JAX always.
    """
    return keras.backend.backend() == "jax" or kind() == GPU


def steps_at_once() -> int:
    """How many training steps a call has; more than one on a GPU alone.

    Between the calls a training hears of signals and limits, which on a CPU would take minutes.
    """
    return STEPS_AT_ONCE if kind() == GPU else 1


def jit_compile() -> bool:
    """Whether to compile with XLA: as `prepare` was told; always on JAX, which has nothing else.

    Usual is to compile on GPUs and not on CPUs, where XLA's convolutions are ten times slower than
    TensorFlow's own.
    """
    if keras.backend.backend() == "jax":
        return True
    return kind() == GPU if _compiled is None else _compiled


def faster_layers(network: keras.Model) -> contextlib.AbstractContextManager[None]:
    """Within it the layers of `network` take their faster forms, where the backend has some."""
    if keras.backend.backend() == "tensorflow" and kind() == CPU:
        from imagestudy import fast

        return fast.layers(network)
    return contextlib.nullcontext()


def description() -> dict[str, Any]:
    """What results say of the device; of a GPU its model, `gpu`."""
    said = {"device": kind(), "backend": keras.backend.backend(), "compiled": jit_compile()}
    return said | ({"gpu": _model()} if said["device"] == GPU else {})


def _model() -> str | None:
    if keras.backend.backend() == "jax":
        import jax

        return jax.devices()[0].device_kind
    import tensorflow as tf

    first, *_ = tf.config.list_physical_devices("GPU")
    return tf.config.experimental.get_device_details(first).get("device_name")
