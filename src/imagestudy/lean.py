"""Keras without the packages that it would import for what the study does not use.

Where they are installed, Keras imports scikit-learn for its wrappers, Matplotlib for its galleries
and pandas for its adapters, and TensorFlow imports JAX for a converter: together two fifths of the
time that `import keras` takes, which every job would pay. KerasTuner imports scikit-learn for its
Bayesian oracle, AutoKeras JAX and PyTorch for their errors: two seconds more, or five. Each does
without one that is missing. And nothing of what is imported is garbage, for which Python would look
again and again: a sixth of the time that is left.
"""

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

UNUSED = ("sklearn", "matplotlib", "pandas", "jax", "torch")


@contextmanager
def without_unused() -> Iterator[None]:
    """Let what is imported meanwhile find none of `UNUSED` that is not imported already.

    Nor is garbage collected meanwhile, nor looked for in it later.
    """
    # Only where the backend is known to be TensorFlow, as in every job: Keras on JAX needs JAX.
    is_known = os.environ.get("KERAS_BACKEND") == "tensorflow"
    hidden = [name for name in UNUSED if is_known and name not in sys.modules]
    # Python takes a module that is `None` for one that is not installed.
    sys.modules.update(dict.fromkeys(hidden))
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
        gc.freeze()
        for name in hidden:
            del sys.modules[name]


with without_unused():
    import keras

__all__ = ["keras", "without_unused"]
