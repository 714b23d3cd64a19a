"""Worker: the study's trainer on one network. usage: ours.py NETWORK PRECISION THREADS"""

import contextlib
import itertools
import json
import sys
import time

import numpy as np

from imagestudy import device, optimizers
from imagestudy.epochs import Epochs
from imagestudy.lean import keras
from imagestudy.networks.alexnet import alexnet
from imagestudy.networks.keras_cnn import keras_cnn
from imagestudy.networks.vgg16 import vgg16

CLASSES, BATCH, STEPS = 200, 128, 6
SECONDS = 2  # a slow processor has fewer steps, as in pytorch.py
SHAPE = {
    "image_shape": (32, 32, 3),
    "classes": CLASSES,
    "statistics": {"mean": [0.5] * 3, "std": [0.25] * 3},
}
NETWORKS = {
    "alexnet": lambda: alexnet(**SHAPE, width=1.0, dropout=0.5, batch_normalization=False),
    "vgg16": lambda: vgg16(**SHAPE, width=1.0, dropout=0.5, batch_normalization=False),
    "cnn": lambda: keras_cnn(
        **SHAPE,
        maps=[64, 128, 256],
        convolutions_per_stage=2,
        units=256,
        dropout=0.5,
        batch_normalization=True,
    ),
}
SETTINGS = {
    "batch_size": BATCH,
    "optimizer": "sgd",
    "learning_rate": 0.01,
    "momentum": 0.9,
    "nesterov": False,
    "weight_decay": 5e-4,
    "label_smoothing": 0.0,
    "start_learning_rate_factor": 1.0,
    "ema": None,
    "augmentation": {"flip": False, "translate": 0, "pca_colour": 0.0, "cutmix": 0.0},
}


def report_rates(trained: Epochs, inputs: np.ndarray) -> None:
    """Train on `inputs` for each line that comes in, and print the pictures per second.

    An epoch, or as many steps of it as `SECONDS` allow.
    """
    for epoch, _ in enumerate(sys.stdin):
        began, steps = time.monotonic(), 0
        with contextlib.closing(trained.batches(inputs, epoch)) as batches:
            while some := list(itertools.islice(batches, trained.at_once)):
                trained.train(some, [SETTINGS["learning_rate"]] * len(some))
                steps += len(some)
                if time.monotonic() - began > SECONDS:
                    break
        print(json.dumps(steps * BATCH / (time.monotonic() - began)), flush=True)


if __name__ == "__main__":
    name, precision, threads = sys.argv[1:]
    device.prepare(int(threads), precision, seed=1)
    network: keras.Model = NETWORKS[name]()
    optimizer = optimizers.build(SETTINGS, network.trainable_variables, [])
    generator = np.random.default_rng(1)
    pictures = generator.integers(0, 256, (STEPS * BATCH, 32, 32, 3), dtype=np.uint8)
    labels = generator.integers(0, CLASSES, len(pictures)).astype(np.int32)
    with device.faster_layers(network):
        report_rates(Epochs(network, optimizer, labels, SETTINGS, {}, seed=1), pictures)
