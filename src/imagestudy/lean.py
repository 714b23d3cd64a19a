"""Keras without the packages that it would import for what the study does not use.

Where they are installed, Keras imports scikit-learn for its wrappers, Matplotlib for its galleries
and pandas for its adapters, and TensorFlow imports JAX for a converter: together two fifths of the
time that `import keras` takes, which every job would pay. Each does without one that is missing.
AutoKeras imports them itself.
"""

import os
import sys

UNUSED = ("sklearn", "matplotlib", "pandas", "jax")

# Only where the backend is known to be TensorFlow, as in every job: Keras on JAX needs JAX.
_hidden = (
    [name for name in UNUSED if name not in sys.modules]
    if os.environ.get("KERAS_BACKEND") == "tensorflow"
    else []
)
# Python takes a module that is `None` for one that is not installed.
sys.modules.update(dict.fromkeys(_hidden))
try:
    import keras
finally:
    for _name in _hidden:
        del sys.modules[_name]

__all__ = ["keras"]
