"""The library of the study: data, networks, training, search, results and report."""

import os

# TensorFlow reads it when it is first imported. By itself it computes with oneDNN only where the
# processor has AVX512-VNNI; with AVX2 alone the networks train 1.5 to 2.5 times as fast with it.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
