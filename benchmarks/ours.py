"""Worker: the study's trainer on one network. usage: ours.py NETWORK PRECISION THREADS"""

import json
import sys
import time

import keras
import numpy as np

from imagestudy import device, optimizers, steps
from imagestudy.batches import drawn_batches, made, training_batches
from imagestudy.networks.alexnet import alexnet
from imagestudy.networks.cnn import cnn
from imagestudy.networks.vgg16 import vgg16
from imagestudy.training import faster_layers

CLASSES, BATCH, STEPS = 200, 128, 6
SHAPE = {
    "image_shape": (32, 32, 3),
    "classes": CLASSES,
    "statistics": {"mean": [0.5] * 3, "std": [0.25] * 3},
}
NETWORKS = {
    "alexnet": lambda: alexnet(**SHAPE, width=1.0, dropout=0.5, batch_normalization=False),
    "vgg16": lambda: vgg16(**SHAPE, width=1.0, dropout=0.5, batch_normalization=False),
    "cnn": lambda: cnn(
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
    "start_learning_rate_factor": 1.0,
    "ema": None,
    "augmentation": {"flip": False, "translate": 0, "pca_colour": 0.0, "cutmix": 0.0},
}

if __name__ == "__main__":
    name, precision, threads = sys.argv[1:]
    device.prepare(int(threads), precision, seed=1)
    network: keras.Model = NETWORKS[name]()
    optimizer = optimizers.build(SETTINGS, network.trainable_variables, [])
    generator = np.random.default_rng(1)
    pictures = generator.integers(0, 256, (STEPS * BATCH, 32, 32, 3), dtype=np.uint8)
    labels = generator.integers(0, CLASSES, len(pictures)).astype(np.int32)
    on_device = device.holds_data()
    with faster_layers(network):
        if on_device:
            make = lambda placed, drawn: made(keras.ops, *placed, CLASSES, drawn)  # noqa: E731
            train = steps.compiled(network, optimizer, 0.0, make)
            train.place((pictures, labels))
        else:
            train = steps.compiled(network, optimizer, label_smoothing=0.0)
        for epoch, _ in enumerate(sys.stdin):
            began = time.monotonic()
            if on_device:
                drawn = list(drawn_batches(pictures, SETTINGS, {}, 1, epoch))
                train(drawn, [0.01] * len(drawn))
            else:
                for batch in training_batches(pictures, labels, CLASSES, SETTINGS, {}, 1, epoch):
                    train([batch], [0.01])
            print(json.dumps(len(pictures) / (time.monotonic() - began)), flush=True)
