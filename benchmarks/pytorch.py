"""Worker: the same networks in a fast, plain PyTorch loop. usage: pytorch.py NETWORK THREADS

channels_last, fused SGD, pictures in memory; the faster of float32 and bfloat16 autocast. Runs in
an environment of its own, which has PyTorch and nothing of the study.
"""

import json
import sys
import time

import torch
from torch import nn

CLASSES, BATCH, STEPS = 200, 128, 6
SECONDS = 2  # a slow processor has fewer steps, as in ours.py
# A precision that the processor only imitates takes many times as long: a few pictures tell.
FEW, HOPELESS = 16, 3


def vgg16() -> nn.Module:
    """VGG-16 for 32x32 pictures."""
    layers, before = [], 3
    for maps, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(count):
            layers += [nn.Conv2d(before, maps, 3, padding=1), nn.ReLU(inplace=True)]
            before = maps
        layers.append(nn.MaxPool2d(2))
    layers.append(nn.Flatten())
    for inputs in (512, 4096):
        layers += [nn.Linear(inputs, 4096), nn.ReLU(inplace=True), nn.Dropout(0.5)]
    return nn.Sequential(*layers, nn.Linear(4096, CLASSES))


def alexnet() -> nn.Module:
    """AlexNet with the study's sizes."""
    layers, before = [], 3
    for maps, kernel, stride, normalised, pooled in (
        (96, 5, 2, True, True),
        (256, 5, 1, True, True),
        (384, 3, 1, False, False),
        (384, 3, 1, False, False),
        (256, 3, 1, False, True),
    ):
        layers += [nn.Conv2d(before, maps, kernel, stride, kernel // 2), nn.ReLU(inplace=True)]
        if normalised:
            layers.append(nn.LocalResponseNorm(5, 5e-4, 0.75, 2.0))
        if pooled:
            layers.append(nn.MaxPool2d(3, 2, 1))
        before = maps
    layers += [nn.Flatten(), nn.Linear(1024, 4096), nn.ReLU(inplace=True), nn.Dropout(0.5)]
    layers += [nn.Linear(4096, 4096), nn.ReLU(inplace=True), nn.Linear(4096, CLASSES)]
    return nn.Sequential(*layers)


def cnn() -> nn.Module:
    """The hand-built network with batch normalization."""
    layers, before = [], 3
    for maps in (64, 128, 256):
        for _ in range(2):
            layers += [nn.Conv2d(before, maps, 3, padding=1, bias=False), nn.BatchNorm2d(maps)]
            layers.append(nn.ReLU(inplace=True))
            before = maps
        layers.append(nn.MaxPool2d(2))
    layers += [nn.Flatten(), nn.Linear(4096, 256), nn.ReLU(inplace=True), nn.Dropout(0.5)]
    return nn.Sequential(*layers, nn.Linear(256, CLASSES))


class Training:
    """One network, trained in the faster of two precisions."""

    def __init__(self, name: str) -> None:
        network = {"vgg16": vgg16, "alexnet": alexnet, "cnn": cnn}[name]()
        self.network = network.to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.SGD(
            network.parameters(), 0.01, momentum=0.9, weight_decay=5e-4, fused=True
        )
        self.loss = nn.CrossEntropyLoss()
        self.pictures = torch.randint(0, 256, (STEPS * BATCH, 3, 32, 32), dtype=torch.uint8)
        self.pictures = self.pictures.contiguous(memory_format=torch.channels_last)
        self.labels = torch.randint(0, CLASSES, (len(self.pictures),))
        self.bfloat16 = self._is_faster_in_bfloat16()

    def epoch(self, count: int = STEPS * BATCH) -> float:
        """Pictures per second over `count` of them, or fewer steps where they take long."""
        order = torch.randperm(len(self.labels))[:count]
        began, done = time.monotonic(), 0
        for chosen in order.split(BATCH):
            pictures = (self.pictures[chosen].float() - 127.5) / 63.75
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.bfloat16):
                loss = self.loss(self.network(pictures).float(), self.labels[chosen])
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self.optimizer.step()
            loss.item()
            done += len(chosen)
            if time.monotonic() - began > SECONDS:
                break
        return done / (time.monotonic() - began)

    def _is_faster_in_bfloat16(self) -> bool:
        for count in (FEW, STEPS * BATCH):
            float32, bfloat16 = (self._rate(each, count) for each in (False, True))
            if HOPELESS * bfloat16 < float32:
                return False
        return bfloat16 > float32

    def _rate(self, bfloat16: bool, count: int) -> float:
        self.bfloat16 = bfloat16
        self.epoch(min(count, BATCH))  # warm
        return self.epoch(count)


if __name__ == "__main__":
    torch.set_num_threads(int(sys.argv[2]))
    training = Training(sys.argv[1])
    for _ in sys.stdin:
        print(json.dumps(training.epoch()), flush=True)
