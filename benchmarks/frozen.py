"""Worker: epochs with the frozen layers' outputs cached, or in full.

usage: frozen.py BLOCKS cached|plain PRECISION THREADS. BLOCKS of VGG-16 are frozen; of five, the
whole base.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from ours import SETTINGS, SHAPE, report_rates

from imagestudy import device, frozen, optimizers
from imagestudy.epochs import Epochs
from imagestudy.lean import keras
from imagestudy.networks.heads import dense_head
from imagestudy.networks.vgg16 import convolutional_base, freeze_blocks

CLASSES, PICTURES = 10, 2048

if __name__ == "__main__":
    blocks, way, precision, threads = sys.argv[1:]
    device.prepare(int(threads), precision, seed=1)
    shape, statistics = SHAPE["image_shape"], SHAPE["statistics"]
    base = convolutional_base(shape, statistics, 1.0, False, "scratch")
    freeze_blocks(base, int(blocks))
    network = keras.Model(base.input, dense_head(base.output, CLASSES, 512, 0.5))
    generator = np.random.default_rng(1)
    inputs = generator.integers(0, 256, (PICTURES, *shape), dtype=np.uint8)
    labels = generator.integers(0, CLASSES, PICTURES).astype(np.int32)
    with tempfile.TemporaryDirectory() as folder:
        if way == "cached":
            beginning, network = frozen.cut(network)
            inputs = frozen.Features(beginning, Path(folder), "random").of("train", inputs)
        optimizer = optimizers.build(SETTINGS, network.trainable_variables, [])
        with device.faster_layers(network):
            report_rates(Epochs(network, optimizer, labels, SETTINGS, {}, seed=1), inputs)
