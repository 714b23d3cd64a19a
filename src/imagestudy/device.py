"""The device that trains: threads, compilation, precision."""

import os
from typing import Any

import keras

GPU = "gpu"
CPU = "cpu"


def prepare(threads: int, precision: str, seed: int) -> None:
    """Bind this process to `threads`, set the precision policy and seed every generator.

    Must come before the first operation: the backends read the number of threads only then.
    """
    for variable in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "NPROC"):
        os.environ[variable] = str(threads)
    os.environ["TF_NUM_INTEROP_THREADS"] = "1"
    keras.utils.set_random_seed(seed)
    keras.config.set_dtype_policy(precision)


def kind() -> str:
    """`gpu` where the backend sees one, else `cpu`."""
    from keras.distribution import list_devices

    return GPU if any("gpu" in name.lower() for name in list_devices()) else CPU


def jit_compile() -> bool:
    """Whether to compile with XLA: always on JAX (it has nothing else), on TensorFlow on a GPU.

    On CPUs XLA's convolutions are ten times slower than TensorFlow's own.
    """
    return keras.backend.backend() == "jax" or kind() == GPU


def description() -> dict[str, Any]:
    """What results say of the device."""
    return {"device": kind(), "backend": keras.backend.backend()}
